"""How gunicorn serves the registry; every line can be overridden on its command line."""

import gc
import os
import re

from gunicorn.glogging import Logger

wsgi_app = "wsgi:app"
bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
# Longer than the database's own time-outs, so that they answer before a worker is killed.
timeout = 90
graceful_timeout = 30
keepalive = 5
# It would open a socket below the home folder, which a container may not have.
control_socket_disable = True
# A header with an underscore looks like one with a hyphen to applications, not to proxies.
header_map = "refuse"
forwarder_headers = ""
accesslog = "-"
# Of the headers only our own request id: a header with its line end missing may hold a token.
access_log_format = '%(h)s %(t)s "%(r)s" %(s)s %(b)s %(M)sms %({x-request-id}o)s'

REPEATED = re.compile(r"(Invalid request from ip=\S+ [^'\"]*).*", re.DOTALL)
"""What gunicorn says of broken HTTP, and then the piece that it repeats, in quotes."""


class DiscreetLogger(Logger):
    """Tells that a request was broken without repeating it: the piece may be a token."""

    def warning(self, msg: str, *args: object, **kwargs: object) -> None:
        """Log a warning."""
        super().warning(REPEATED.sub(r"\1", msg), *args, **kwargs)


logger_class = DiscreetLogger


def post_worker_init(_worker: object) -> None:
    """Keep the collector of cyclic garbage out of the way of large requests.

    A bulk request makes a million objects and none of them in a cycle; walking them again and again
    took a third of its time. What was imported is never walked again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
