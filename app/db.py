"""The database: the session, how each engine is set up, and the only place that commits."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import orjson
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Integer,
    MetaData,
    Row,
    Select,
    event,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session

from app import turns

AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]

P = ParamSpec("P")
R = TypeVar("R")

MAX_ID = 2**63 - 1
"""The largest id a bigint column can hold; a larger one exists nowhere."""

RETRY_PAUSES = (0.010, 0.025, 0.060, 0.150)
"""Seconds, at most, to wait before each new attempt at a transaction that met another one."""

RETRY_DEADLINE = 5.0
"""Seconds after which a transaction is not begun again."""

SQLITE_BUSY_TIMEOUT = 5000
"""Milliseconds that SQLite waits for another writer."""

Id = BigInteger().with_variant(Integer, "sqlite")
"""An id column: bigint; on SQLite the rowid, which only ``INTEGER`` names."""


class Base(DeclarativeBase):
    """What all tables share: one catalogue with names that both engines keep."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"autoflush": False})


def utcnow() -> datetime:
    """Answer the time, UTC and without a zone, as every time column holds it."""
    return datetime.now(UTC).replace(tzinfo=None)


def init_app(app: Flask) -> None:
    """Open the engine of ``app`` and set it up."""
    uri = str(app.config["SQLALCHEMY_DATABASE_URI"])
    options: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
    if not uri.startswith("sqlite"):
        options["isolation_level"] = "READ COMMITTED"
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", options)
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            set_up_sqlite(db.engine)


def set_up_sqlite(engine: Engine) -> None:
    """Make SQLite durable and strict, and give each transaction the kind that it needs.

    A transaction that will write must begin as a writer (``BEGIN IMMEDIATE``): one that reads first
    and writes later is refused at once when somebody else wrote in between. Readers never wait.
    """

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # The driver begins nothing by itself.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={SQLITE_BUSY_TIMEOUT}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("sqlite_begin") == "DEFERRED":
            connection.exec_driver_sql("BEGIN DEFERRED")
        else:
            turns.begin_writing(connection, SQLITE_BUSY_TIMEOUT / 1000)


@contextmanager
def reading() -> Iterator[Session]:
    """Answer a session of its own that only reads: no lock, no transaction left behind.

    On PostgreSQL each statement stands alone (no BEGIN, no COMMIT); on SQLite they share a snapshot.
    """
    engine = db.engine
    options = (
        {"sqlite_begin": "DEFERRED"}
        if engine.dialect.name == "sqlite"
        else {"isolation_level": "AUTOCOMMIT"}
    )
    with engine.connect() as connection:
        connection = connection.execution_options(**options)
        with Session(connection, autoflush=False) as session:
            yield session


def transactional(work: Callable[P, R]) -> Callable[P, R]:
    """Run ``work`` in one transaction of ``db.session`` and commit it: the only commit there is.

    ``work`` must have no effect outside the database and must answer something finished, for it runs
    again when its transaction met another one (serialization failure, deadlock, busy SQLite, a
    unique key that somebody else took a moment ago). An error in COMMIT is never retried: whether
    it took effect is unknown.
    """

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        deadline = time.monotonic() + RETRY_DEADLINE
        for pause in (*RETRY_PAUSES, None):
            try:
                answer = work(*args, **kwargs)
                break
            except DBAPIError as error:
                db.session.rollback()
                if pause is None or time.monotonic() > deadline or not met_another(error):
                    raise
                time.sleep(random.uniform(0, pause))
            except BaseException:
                db.session.rollback()
                raise
        db.session.commit()
        return answer

    return run


def met_another(error: DBAPIError) -> bool:
    """Tell whether ``error`` came from a transaction beside ours, so that a new run can succeed."""
    if isinstance(error, IntegrityError):
        return True
    original: Any = error.orig
    if isinstance(original, sqlite3.Error):
        return is_sqlite_busy(original)
    return getattr(original, "sqlstate", None) in {"40001", "40P01"}


def is_sqlite_busy(error: sqlite3.Error) -> bool:
    """Tell whether another connection held SQLite's write lock for too long."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
