"""gunicorn, as an operator runs it: started, reloaded, killed and stopped."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.world import SECRET
from tests_faults.clients import ask
from tests_faults.databases import is_alive, wait_until, with_no_such

ROOT = Path(__file__).resolve().parent.parent
STOPPED_WITHIN = 60.0
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")


class Server:
    """A gunicorn master and its workers."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    def workers(self) -> list[psutil.Process]:
        """Answer the worker processes that live."""
        return [p for p in psutil.Process(self.process.pid).children() if is_alive(p)]

    def is_ready(self) -> bool:
        """Tell whether it says that it is ready; raises ``RuntimeError`` if it has ended."""
        if self.process.poll() is not None:
            raise RuntimeError(self.log.read_text()[-3000:])
        return ask(self.port, "/readyz").status == 200

    def deaths(self) -> list[str]:
        """Answer by which signals workers have died, but for the one that asks them to end."""
        return re.findall(r"was sent (SIG(?!TERM)\w+)", self.log.read_text())

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the master."""
        self.process.send_signal(number)

    def stop(self) -> float:
        """End it, gently at first; answers the monotonic time at which that began."""
        began = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            workers = self.workers()
            self.process.kill()
            for worker in workers:
                with_no_such(worker.kill)
        self.process.wait()
        return began


@contextmanager
def serving(url: str, folder: Path, **settings: object) -> Iterator[Server]:
    """Answer a server over the database at ``url``, which stops at the end of the block.

    ``folder`` has its log and takes the orders of ``served.py``. The port is opened here and handed
    over, so that nobody can take it between.
    """
    log = folder / f"gunicorn-{len(list(folder.glob('gunicorn-*')))}.log"
    with log.open("wb") as out, socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"),
                *("--bind", f"fd://{listener.fileno()}", "tests_faults.served:app"),
            ],
            cwd=ROOT,
            env=environment(url, folder, settings),
            pass_fds=[listener.fileno()],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        server = Server(process, listener.getsockname()[1], log)
    try:
        wait_until(server.is_ready, "gunicorn is ready", every=0.1)
        yield server
    finally:
        server.stop()


def environment(url: str, folder: Path, settings: Mapping[str, object]) -> dict[str, str]:
    """Answer what a server needs to know, and nothing of the caller's own settings."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {
        **kept,
        "DATABASE_URL": url,
        "JWT_SECRET_KEY": SECRET,
        "APP_ENV": "development",  # Which takes a secret that everybody knows.
        "FAULTS_FOLDER": str(folder),
        "PYTHONFAULTHANDLER": "1",  # A crash in C tells where it was.
        **{name: str(value) for name, value in settings.items()},
    }
