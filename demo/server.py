"""A server of our own: fresh, on a free port, and gone when the demo ends."""

import os
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from demo.commands import PYTHON, ROOT

READY_WITHIN = 60.0
"""Seconds; a loaded machine may need many, a good one needs one."""
STOPPED_WITHIN = 20.0
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")


class NotReady(Exception):
    """The server did not become ready; the text has the end of its log."""


def fresh_environment(folder: Path) -> dict[str, str]:
    """Answer settings for an empty service in ``folder``; no setting of the caller's counts."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {
        **kept,
        "DATABASE_URL": f"sqlite:///{folder / 'registry.sqlite3'}",
        "JWT_SECRET_KEY": secrets.token_urlsafe(48),
    }


@contextmanager
def running(environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """Answer the URL of a server with these settings, which stops at the end of the block.

    Raises ``NotReady``. The port is opened here and handed over, so that nobody can take it between.
    """
    with log.open("wb") as out, socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        number, port = listener.fileno(), listener.getsockname()[1]
        server = subprocess.Popen(
            [PYTHON, "-m", "gunicorn", "--bind", f"fd://{number}"],
            cwd=ROOT,
            env=environment,
            pass_fds=[number],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(server, f"http://127.0.0.1:{port}", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(server)


def wait_until_ready(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Return once ``/readyz`` answers 200; raises ``NotReady`` if the server ends or takes too long."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with opener.open(f"{url}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    state = "did not become ready" if server.poll() is None else "ended"
    raise NotReady(f"The server {state}. The end of its log:\n{log.read_text()[-2000:]}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server, gently at first."""
    server.terminate()
    try:
        server.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
