"""gunicorn as an operator runs it, with the project's own settings, and what it logs."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from demo.server import INHERITED, running
from tests.world import SECRET, World

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
    settings["APP_ENV"] = "development"  # Which takes a secret that everybody knows.
    log = folder / "gunicorn.log"
    with running({**kept, **settings}, log) as address:
        yield Server(urlsplit(address).port or 0, log, world)
