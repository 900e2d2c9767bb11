"""The service as this suite serves it: the real application, with hooks that the tests pull.

gunicorn serves ``tests_faults.served:app`` with the project's own gunicorn.conf.py. The application
knows nothing of it: the hooks lie around its functions and listen to its engine's events.

``FAULTS_FOLDER`` is where the tests leave their orders: a file ``kill-at-POINT`` kills the first worker
that comes to the point, ``hold-at-POINT`` stops one request there until ``held-at-POINT`` is gone.
Points: ``before_lock``, ``after_lock``, ``after_first_write``, ``before_commit``, ``after_commit``.
``FAULTS_NO_LOCK=1`` takes the group's lock out; ``FAULTS_PAUSE`` is seconds between look-up and write;
``FAULTS_COMMITS=1`` numbers the bulk upserts under the lock and answers ``X-Test-Commit``.

Each row of a bulk answer also says the ``version`` of its unit, which the API shows as an ETag only.
"""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Response, g
from sqlalchemy import Connection, event, text

from app import create_app
from app.accounts.service import find_group
from app.bulk import is_sqlite
from app.db import db
from app.units import answers, service
from config import from_env

FOLDER = Path(os.environ["FAULTS_FOLDER"])
HELD_AT_MOST = 60.0


def reach(point: str) -> None:
    """Do at this point what a test has ordered, if it has."""
    if take(f"kill-at-{point}"):
        (FOLDER / "kill").write_text(f"{time.monotonic()}")
        os.kill(os.getpid(), signal.SIGKILL)
    if take(f"hold-at-{point}", f"held-at-{point}"):
        deadline = time.monotonic() + HELD_AT_MOST
        while (FOLDER / f"held-at-{point}").exists() and time.monotonic() < deadline:
            time.sleep(0.01)


def take(order: str, renamed: str = "taken") -> bool:
    """Take an order that was left; only one of all threads and processes gets it."""
    try:
        (FOLDER / order).rename(FOLDER / renamed)
    except FileNotFoundError:
        return False
    return True


def watch_lock(lock_group: Callable[..., int]) -> Callable[..., int]:
    """Answer ``lock_group`` with a point before and after it."""

    def lock(*arguments: Any) -> int:
        reach("before_lock")
        group_id = lock_group(*arguments)
        reach("after_lock")
        return group_id

    return lock


def watch_plan(plan: Callable[..., Any]) -> Callable[..., Any]:
    """Answer ``plan``, which runs under the lock, with the commit number and the pause around it."""
    pause = float(os.environ.get("FAULTS_PAUSE", "0"))

    def plan_slowly(*arguments: Any) -> Any:
        if os.environ.get("FAULTS_COMMITS"):
            g.commit_number = next_commit()
        time.sleep(pause)
        return plan(*arguments)

    return plan_slowly


def next_commit() -> int:
    """Answer the number of this transaction; on PostgreSQL it must not lock anything itself."""
    session = db.session()
    counter = (
        "UPDATE test_commits SET number = number + 1 RETURNING number"
        if is_sqlite(session)
        else "SELECT nextval('test_commits')"
    )
    return int(session.execute(text(counter)).scalar_one())


def add_commit_number(response: Response) -> Response:
    """Tell the client the number of its transaction."""
    if "commit_number" in g:
        response.headers["X-Test-Commit"] = str(g.commit_number)
    return response


def show_version(describe_step: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Answer ``describe_step`` with the version that the row's unit now has."""

    def describe(index: int, step: Any, group_id: int) -> dict[str, Any]:
        return {**describe_step(index, step, group_id), "version": step.unit.version}

    return describe


def watch_writes(
    _connection: Any, _cursor: Any, statement: str, _values: Any, _context: Any, _many: bool
) -> None:
    """A statement has been carried out."""
    if statement.lstrip().startswith(("INSERT", "UPDATE units", "UPDATE item_units")):
        reach("after_first_write")


def unlock_sqlite(connection: Connection) -> None:
    """End the transaction that has just begun: every statement now stands alone."""
    connection.exec_driver_sql("ROLLBACK")


app = create_app(from_env())
app.after_request(add_commit_number)
if os.environ.get("FAULTS_NO_LOCK"):
    service.lock_group = lambda session, caller, key: find_group(session, caller, key)
service.lock_group = watch_lock(service.lock_group)
service.plan = watch_plan(service.plan)
answers.describe_step = show_version(answers.describe_step)
with app.app_context():
    event.listen(db.engine, "after_cursor_execute", watch_writes)
    event.listen(db.engine, "commit", lambda _connection: reach("before_commit"))
    event.listen(db.session, "after_commit", lambda _session: reach("after_commit"))
    if os.environ.get("FAULTS_NO_LOCK") and db.engine.dialect.name == "sqlite":
        event.listen(db.engine, "begin", unlock_sqlite)
