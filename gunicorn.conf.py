"""How gunicorn serves the registry; every line can be overridden on its command line."""

import gc
import os

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
accesslog = "-"


def post_worker_init(_worker: object) -> None:
    """Keep the collector of cyclic garbage out of the way of large requests.

    A bulk request makes a million objects and none of them in a cycle; walking them again and again
    took a third of its time. What was imported is never walked again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
