"""Faults for tests, injected on the real engine: a statement or a COMMIT that the database refuses."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import event

from app.db import db

READS_FIRST = ("FROM clients", "BEGIN DEFERRED")
"""Statements of the token check, which is no part of the transaction."""


def sqlite_error(code: int) -> sqlite3.OperationalError:
    """Answer an error as SQLite raises it."""
    error = sqlite3.OperationalError("injected")
    error.sqlite_errorcode = code
    return error


def refuse(cursor: Any, state: str | int) -> None:
    """Raise the database's own error: PostgreSQL is asked to, SQLite's is made up."""
    if isinstance(state, int):
        raise sqlite_error(state)
    cursor.execute(f"DO $$BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END$$")


@contextmanager
def statements_failing(
    app: Flask, state: str | int, fails: Callable[[int], bool]
) -> Iterator[list[str]]:
    """Refuse those statements of transactions whose number, from 0 on, ``fails`` names.

    Answers a list of all of them.
    """
    seen: list[str] = []

    def execute(cursor: Any, statement: str, *_: Any) -> None:
        if any(part in statement for part in READS_FIRST):
            return
        seen.append(statement)
        if fails(len(seen) - 1):
            refuse(cursor, state)

    names = ("do_execute", "do_executemany", "do_execute_no_params")
    with app.app_context():
        engine = db.engine
    for name in names:
        event.listen(engine, name, execute)
    try:
        yield seen
    finally:
        for name in names:
            event.remove(engine, name, execute)


@contextmanager
def commit_failing(app: Flask, *, saved: bool, after: int = 0) -> Iterator[None]:
    """Break the connection in a COMMIT, right after it was ``saved`` or right before.

    It is the next one, or that which comes ``after`` so many others.
    """
    with app.app_context():
        dialect = db.engine.dialect
    commit = dialect.do_commit
    done: list[None] = []

    def fail(pooled: Any) -> None:
        done.append(None)
        is_it = len(done) == after + 1
        if saved or not is_it:
            commit(pooled)
        if is_it:
            break_off(pooled.dbapi_connection)

    dialect.do_commit = fail  # type: ignore[method-assign]
    try:
        yield
    finally:
        dialect.do_commit = commit  # type: ignore[method-assign]


def break_off(connection: Any) -> None:
    """Raise what a connection raises that breaks; PostgreSQL's does break."""
    if isinstance(connection, sqlite3.Connection):
        raise sqlite_error(sqlite3.SQLITE_IOERR)
    end_backend(connection.info)
    connection.execute("COMMIT")


def end_backend(info: psycopg.ConnectionInfo) -> None:
    """End the server process behind a connection, as an administrator or a crash does."""
    with psycopg.connect(info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (info.backend_pid,))
