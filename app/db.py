"""The database: the session, and the only place that commits."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Integer, MetaData, Row, Select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session

from app import engines
from app.errors import OutcomeUnknown
from app.metrics import RETRIES, watch_pool

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
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", engines.engine_options(app.config))
    db.init_app(app)
    with app.app_context():
        engines.set_up(db.engine, app.config)
        watch_pool(db.engine)


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
    unique key that somebody else took a moment ago). It must flush what it changes in objects. Raises
    ``OutcomeUnknown`` for an error in COMMIT, which is never tried again: whether it took effect is
    unknown. Source: DESIGN 4.
    """

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        """Answer what ``work`` answers, once that is saved."""
        deadline = time.monotonic() + RETRY_DEADLINE
        for pause in (*RETRY_PAUSES, None):
            try:
                answer = work(*args, **kwargs)
                break
            except DBAPIError as error:
                db.session.rollback()
                if pause is None or time.monotonic() > deadline or not met_another(error):
                    raise
                RETRIES.inc()
                time.sleep(random.uniform(0, pause))
            except BaseException:
                db.session.rollback()
                raise
        try:
            db.session.commit()
        except DBAPIError as error:
            db.session.rollback()
            raise OutcomeUnknown() from error
        return answer

    return run


def met_another(error: DBAPIError) -> bool:
    """Tell whether ``error`` came from a transaction beside ours, so that a new run can succeed."""
    if isinstance(error, IntegrityError):
        return True
    return sqlite_code(error) == sqlite3.SQLITE_BUSY or sqlstate(error) in {"40001", "40P01"}


def sqlstate(error: DBAPIError) -> str | None:
    """Answer the state that PostgreSQL told, None where there is none: the connection itself broke."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def sqlite_code(error: DBAPIError) -> int:
    """Answer SQLite's primary result code, 0 where there is none."""
    code: int = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF
