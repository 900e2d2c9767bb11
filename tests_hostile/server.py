"""gunicorn as an operator runs it, with the project's own settings, and what it logs."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.server import INHERITED, stop, wait_until_ready
from tests.world import SECRET, World

ROOT = Path(__file__).resolve().parent.parent
BOOTED = re.compile(r"Booting worker with pid: (\d+)")


@dataclass(frozen=True)
class Server:
    """A running server over the database of ``world``."""

    port: int
    log: Path
    world: World

    def workers(self) -> list[str]:
        """Answer the pids of all workers so far: one more than at the start, and one has died."""
        return BOOTED.findall(self.logged())

    def logged(self) -> str:
        """Answer all that it has logged, requests included."""
        return self.log.read_text(errors="replace")


@contextmanager
def serving(world: World, url: str, folder: Path) -> Iterator[Server]:
    """Answer a server over the database at ``url``, which stops at the end of the block."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    settings = {"DATABASE_URL": url, "JWT_SECRET_KEY": SECRET, "WEB_WORKERS": "2"}
    log = folder / "gunicorn.log"
    # The port is opened here and handed over, so that nobody can take it between.
    with log.open("wb") as out, socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        number, port = listener.fileno(), listener.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--bind", f"fd://{number}"],
            cwd=ROOT,
            env={**kept, **settings},
            pass_fds=[number],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(process, f"http://127.0.0.1:{port}", log)
        yield Server(port, log, world)
    finally:
        stop(process)
