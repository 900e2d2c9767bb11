"""The engine: how each database is reached, how long it may take, and by how many at a time."""

import sqlite3
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.engine import ExceptionContext

from app import copying, turns
from app.commits import heed_warnings

POOL_TIMEOUT = 2
"""Seconds to wait for a connection. There is one a thread, so who waits is one too many."""

POOL_RECYCLE = 300
"""Seconds after which a connection is made anew: after a failover, nobody stays with the old server."""

IDLE_TIMEOUT = 60
"""Seconds after which PostgreSQL ends a silent transaction: a frozen process keeps no lock."""

REACHING = {
    "connect_timeout": 2,
    "tcp_user_timeout": 5000,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""Limits of libpq that it leaves to TCP by default: a server that vanished is found out in seconds, not
in hours. All in seconds, but ``tcp_user_timeout`` in milliseconds."""

READ_ONLY = "25006"
"""The state of PostgreSQL that a connection meets whose server was demoted to a standby."""

IN_MEMORY = (None, "", ":memory:")

SQLITE_CACHE = 16 * 1024
"""KiB of pages that a SQLite connection keeps at most: 10,000 units with their indexes fit."""


def engine_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the arguments of ``create_engine``. Source: DESIGN 4, docs/decisions.md."""
    url = make_url(str(config["SQLALCHEMY_DATABASE_URI"]))
    options: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        "hide_parameters": True,  # What clients send has no place in a log.
    }
    is_sqlite = url.get_backend_name() == "sqlite"
    if not (is_sqlite and url.database in IN_MEMORY):
        options |= {
            "pool_size": config["DB_POOL_SIZE"],
            "max_overflow": 0,
            "pool_timeout": POOL_TIMEOUT,
            "pool_recycle": POOL_RECYCLE,
        }
    if not is_sqlite:
        options |= {
            "isolation_level": "READ COMMITTED",
            "connect_args": postgresql_arguments(config, url),
        }
    return options


def postgresql_arguments(config: Mapping[str, Any], url: URL) -> dict[str, Any]:
    """Answer what libpq and psycopg are to be told; what the URL says itself stands.

    The time-outs are parameters of the connection, so that they cost no statement. A pooler of
    transactions refuses such and knows no prepared statements (``set_up_pooler``).
    """
    arguments = {name: value for name, value in REACHING.items() if name not in url.query}
    if config["PGBOUNCER"]:
        return arguments | {"prepare_threshold": None}
    limits = [f"-c {name}={value}" for name, value in time_limits(config).items()]
    given = url.query.get("options", "")
    return arguments | {"options": " ".join([*limits, given if isinstance(given, str) else ""])}


def time_limits(config: Mapping[str, Any]) -> dict[str, str]:
    """Answer PostgreSQL's settings of how long a statement may wait, run, and say nothing."""
    seconds = {
        "lock_timeout": config["DB_LOCK_TIMEOUT"],
        "statement_timeout": config["DB_STATEMENT_TIMEOUT"],
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT,
    }
    return {name: f"{round(value * 1000)}" for name, value in seconds.items()}


def set_up(engine: Engine, config: Mapping[str, Any]) -> None:
    """Register on ``engine`` what cannot be said when it is made."""
    if engine.dialect.name == "sqlite":
        set_up_sqlite(engine, config["DB_LOCK_TIMEOUT"])
        return
    event.listen(engine, "handle_error", leave_demoted)
    heed_warnings(engine)
    copying.set_up(engine)
    if config["PGBOUNCER"]:
        set_up_pooler(engine, time_limits(config))


def set_up_sqlite(engine: Engine, lock_timeout: float) -> None:
    """Make SQLite durable and strict, and give each transaction the kind that it needs.

    A transaction that will write must begin as a writer (``BEGIN IMMEDIATE``): one that reads first
    and writes later is refused at once when somebody else wrote in between. Readers never wait; writers
    wait for each other, ``lock_timeout`` seconds at most.
    """

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _record: object) -> None:
        """Give a new connection the settings that SQLite does not keep in its file."""
        connection.isolation_level = None  # The driver begins nothing by itself.
        for pragma in (
            f"busy_timeout={round(lock_timeout * 1000)}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"cache_size=-{SQLITE_CACHE}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("sqlite_begin") == "DEFERRED":
            connection.exec_driver_sql("BEGIN DEFERRED")
        else:
            turns.begin_writing(connection, lock_timeout)


def leave_demoted(context: ExceptionContext) -> None:
    """Drop the connections to a server that has become read-only: the next ones find the new primary."""
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True


def set_up_pooler(engine: Engine, limits: Mapping[str, str]) -> None:
    """Set the time limits in each transaction: a pooler's session belongs to the next client too."""
    calls = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in limits.items())
    statement = f"SELECT {calls}"

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader has no transaction, and so nothing to limit: its statements stand alone.
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql(statement)
