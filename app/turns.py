"""Whose turn it is to write to SQLite, which knows one writer at a time and no queue.

Left alone, a waiting writer looks again after up to a tenth of a second and finds that somebody else
was there first; with eight busy clients some waited in vain for seconds while others wrote many times.
Here, who has waited longer looks more often, so that nobody is passed over for long.
"""

import sqlite3
import time

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

LONGEST_PAUSE = 0.010
"""Seconds after which a writer that has just come looks again."""

HASTE = 0.001
"""This, divided by the seconds that a writer has waited, is its pause: 1 ms after a second."""


def begin_writing(connection: Connection, patience: float) -> None:
    """Begin a transaction that may write, within ``patience`` seconds.

    Raises ``OperationalError`` (SQLITE_BUSY) if all of them passed in waiting. Ours: docs/decisions.md.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - for the type checker
    (usual,) = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute("PRAGMA busy_timeout=0")
    began, waited = time.monotonic(), 0.0
    try:
        while not _begin(connection, is_last=waited >= patience):
            time.sleep(min(LONGEST_PAUSE, HASTE / max(waited, HASTE)))
            waited = time.monotonic() - began
    finally:
        driver.execute(f"PRAGMA busy_timeout={usual:d}")


def _begin(connection: Connection, *, is_last: bool) -> bool:
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        code = getattr(error.orig, "sqlite_errorcode", 0)
        if is_last or code & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
