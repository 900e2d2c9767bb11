"""The set-based peer's statements on SQLite."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import orjson

from app.units.addresses import RECIPE
from bench.peers.common import SQLITE_SETTINGS, URL
from bench.peers.set_store import BATHROOMS, COLUMNS, LOADED, Pool, Unit, columns_of, unit_from

SELECT = f"SELECT {', '.join(LOADED)} FROM units WHERE organization_id = ? AND group_id = ?"
FIND = (
    f"{SELECT} AND identifier IN (SELECT value FROM json_each(?))"
    f" UNION {SELECT} AND address_recipe = {RECIPE}"
    " AND address_key IN (SELECT value FROM json_each(?))"
)
UPDATE = (
    f"UPDATE units SET {', '.join(f'{name} = ?' for name in COLUMNS)}, version = ?, updated_at = ?"
    " WHERE id = ?"
)
INSERT = (
    "INSERT INTO units (organization_id, group_id, id, version, created_at, updated_at,"
    f" {', '.join(COLUMNS)}) VALUES ({', '.join('?' * (6 + len(COLUMNS)))})"
)


def connect() -> sqlite3.Connection:
    """Open a connection."""
    opened = sqlite3.connect(
        URL.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    for setting in SQLITE_SETTINGS:
        opened.execute(f"PRAGMA {setting}")
    return opened


pool = Pool(connect)


@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """Yield a connection in a transaction that is committed at the end."""
    with pool.connection() as opened:
        opened.execute("BEGIN IMMEDIATE")
        try:
            yield opened
            opened.execute("COMMIT")
        except BaseException:
            opened.execute("ROLLBACK")
            raise


def lock_group(cursor: sqlite3.Connection, organization: int, external_ref: str) -> int | None:
    """Answer the id of a group; the transaction is the lock."""
    found = cursor.execute(
        "SELECT id FROM groups WHERE organization_id = ? AND external_ref = ?",
        (organization, external_ref),
    ).fetchone()
    return found and int(found[0])


def load(
    cursor: sqlite3.Connection,
    organization: int,
    group: int,
    identifiers: Sequence[str],
    keys: Sequence[str],
) -> Iterator[Unit]:
    """Yield the units of the group that have one of the identifiers or address keys."""
    here = (organization, group)
    names, doors = orjson.dumps(identifiers).decode(), orjson.dumps(keys).decode()
    for row in cursor.execute(FIND, (*here, names, *here, doors)):
        rooms = row[BATHROOMS]
        unit = unit_from(row, rooms and orjson.loads(rooms))
        unit.shown["created_at"] = shown_time(row[2])
        unit.shown["updated_at"] = shown_time(row[3])
        wall = unit.shown["has_flex_wall"]
        unit.shown["has_flex_wall"] = None if wall is None else bool(wall)
        yield unit


def shown_time(stored: str) -> str:
    """Answer a stored time as JSON has it."""
    return f"{stored[:10]}T{stored[11:19]}Z"


def write(
    cursor: sqlite3.Connection,
    organization: int,
    group: int,
    created: Sequence[Unit],
    updated: Iterable[Unit],
    now: datetime,
) -> None:
    """Write what is new and what changed."""
    moment = now.isoformat(" ")
    cursor.executemany(
        UPDATE,
        [(*columns_of(u), u.version + 1, moment, u.shown["id"]) for u in updated],
    )
    if not created:
        return
    (last,) = cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = 'units'").fetchone()
    for number, unit in enumerate(created, last + 1):
        unit.shown["id"] = number
    head = (organization, group)
    cursor.executemany(
        INSERT, [(*head, u.shown["id"], 1, moment, moment, *columns_of(u)) for u in created]
    )
