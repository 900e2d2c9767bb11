"""How gunicorn serves the registry; every line can be overridden on its command line.

docs/operations.md explains the sizes and what happens when a server stops.
"""

import contextlib
import ctypes
import gc
import itertools
import mmap
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from gunicorn.workers.gthread import ThreadWorker

sys.path.insert(0, str(Path(__file__).parent))  # gunicorn does so only later.
from logs import log_config

# The application reads the file again in each worker, so that a reload (SIGHUP) sees a change of it.
environ = {**dotenv_values(Path(__file__).with_name(".env")), **os.environ}

wsgi_app = "wsgi:app"
bind = [environ.get("BIND", "127.0.0.1:8000")]
if ops_bind := environ.get("OPS_BIND", ""):
    bind.append(ops_bind)
workers = int(environ.get("WEB_WORKERS", "2"))
threads = int(environ.get("WEB_THREADS", "4"))

# Nested, each longer than what it waits for: the database's own time-outs answer first, then gunicorn
# kills a worker that hangs, then the proxy gives up.
timeout = 90
graceful_timeout = 30
drain_seconds = float(environ.get("DRAIN_SECONDS", "0"))
keepalive = 5
# Workers are renewed now and then, so that a slow leak in any library never matters; not all at once.
max_requests = int(environ.get("MAX_REQUESTS", "50000"))
max_requests_jitter = max_requests // 10

memory_folder = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - no file of a fixed name.
# A worker shows that it lives by touching a file; on a slow disk that could take longer than timeout.
worker_tmp_dir = memory_folder
# It would open a socket below the home folder, which a container may not have.
control_socket_disable = True
# A header with an underscore looks like one with a hyphen to applications, not to proxies.
header_map = "refuse"
forwarder_headers = ""
accesslog = None
logconfig_dict = log_config(
    environ.get("LOG_FORMAT", "json"), environ.get("LOG_LEVEL", "INFO").upper()
)

# A buffer of a MiB or more goes back to the system at once. Left alone, glibc raises that limit when it
# meets a large body, and keeps the next ones. Of small objects, 32 MiB are kept for the next request,
# which need not have them made anew, page by page. Other libraries of C have no such limits.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
with contextlib.suppress(AttributeError):
    ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 2**20)
    ctypes.CDLL(None).mallopt(M_TRIM_THRESHOLD, 32 * 2**20)

DROP_ALL = (ctypes.c_ushort * 4)(0x06, 0, 0, 0)  # One instruction of BPF: return 0.
SO_ATTACH_FILTER = 26


class Worker(ThreadWorker):
    """A worker with threads that stops listening as soon as it is told to stop.

    gunicorn's own keeps its copy of the listening socket until its last request is done. Until then the
    kernel goes on taking connections which nobody will serve, and the proxy waits on them in vain.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take new connections or not; when stopping, first those that are waiting, then none."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                before = -1
                while before != self.nr_conns:
                    before = self.nr_conns
                    self.accept(listener)
                listener.close()


worker_class = Worker


def on_starting(server: Any) -> None:
    """Make what all workers share: the folder of the metrics, and the mark that the server stops."""
    folder = tempfile.mkdtemp(prefix="unit-registry-", dir=memory_folder)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    server.metrics_folder = folder
    server.draining = mmap.mmap(-1, 1)


def when_ready(server: Any) -> None:
    """Have SIGTERM announce the end before it comes.

    ``/readyz`` answers 503 for ``DRAIN_SECONDS``, so that a load balancer looks elsewhere; then no new
    connection is taken for a moment, while those that wait are served; then gunicorn stops as ever.
    A second SIGTERM cuts it short.
    """
    stop = signal.getsignal(signal.SIGTERM)

    def announce(signum: int, frame: Any) -> None:
        is_second = server.draining[0]
        server.draining[0] = 1
        signal.signal(signal.SIGALRM, refuse if not is_second else stop_now)
        signal.setitimer(signal.ITIMER_REAL, 0.001 if is_second else max(drain_seconds, 0.001))

    def refuse(_signum: int, _frame: Any) -> None:
        refuse_new_connections(server)
        signal.signal(signal.SIGALRM, stop_now)
        signal.setitimer(signal.ITIMER_REAL, 0.1)

    def stop_now(_signum: int, frame: Any) -> None:
        stop(signal.SIGTERM, frame)

    signal.signal(signal.SIGTERM, announce)


def refuse_new_connections(server: Any) -> None:
    """Have the kernel drop new connections: the caller's kernel tries again and then finds no listener.

    A connection that was made but not accepted is reset when its listener closes. The proxy, which has
    sent its request by then, may not send a POST again, and its client would get a 502. What is shared
    with another master (systemd, SIGUSR2) stays open: nothing is lost there, nothing must be dropped.
    """
    if server.systemd or server.reexec_pid or server.master_pid:
        return
    program = struct.pack("HP", 1, ctypes.addressof(DROP_ALL))
    for listener in server.LISTENERS:
        # Elsewhere than on Linux a stop may cost the few requests that came in its last millisecond.
        with contextlib.suppress(OSError):
            listener.sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def pre_fork(server: Any, worker: Any) -> None:
    """Give the worker the lowest number that no living one has.

    Its metrics are kept under that number, not under its pid, so that there are never more files than
    there were workers at once, and a renewed worker goes on counting where the old one stopped.
    """
    taken = {getattr(other, "slot", None) for other in server.WORKERS.values()}
    worker.slot = next(slot for slot in itertools.count() if slot not in taken)
    worker.draining = server.draining


def post_fork(server: Any, worker: Any) -> None:
    """Set up what must be of the worker's own, before the application is loaded.

    The application's engine is made after the fork, in each worker, so no connection is ever shared.
    """
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(process_identifier=lambda: worker.slot)
    if any(name.startswith("OTEL_") for name in environ):
        start_tracing(server)


def start_tracing(server: Any) -> None:
    """Trace requests and statements as the ``OTEL_…`` variables say, if the packages are there."""
    try:
        from opentelemetry.instrumentation import auto_instrumentation
    except ImportError:
        server.log.warning("OTEL_ variables are set, but requirements-otel.txt is not installed")
    else:
        auto_instrumentation.initialize()


def post_worker_init(worker: Any) -> None:
    """Tell the application how to see that the server stops; keep the garbage collector out of its way.

    A bulk request makes a million objects and none of them in a cycle; walking them again and again
    took a third of its time. What was imported is never walked again.
    """
    worker.wsgi.config["IS_DRAINING"] = lambda: worker.draining[0] == 1 or not worker.alive
    gc.collect()
    gc.freeze()
    gc.set_threshold(250_000, 20, 100)


def child_exit(_server: Any, worker: Any) -> None:
    """Forget the gauges of a worker that is gone; its counters stay."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.slot)


def on_exit(server: Any) -> None:
    """Remove the folder of the metrics."""
    shutil.rmtree(server.metrics_folder, ignore_errors=True)
