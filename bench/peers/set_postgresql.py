"""The set-based peer's statements on PostgreSQL."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
import psycopg
from psycopg.types.json import set_json_loads

from app.units.addresses import RECIPE
from bench.peers.common import URL
from bench.peers.set_store import BATHROOMS, COLUMNS, LOADED, Pool, Unit, columns_of, unit_from

set_json_loads(orjson.loads)

NAMES = ", ".join(COLUMNS)
SELECT = f"""
    SELECT {", ".join(LOADED)} FROM units
    WHERE organization_id = %(organization)s AND group_id = %(group)s
"""
FIND = f"""
    {SELECT} AND identifier = ANY(%(identifiers)s)
    UNION ALL
    {SELECT} AND address_recipe = {RECIPE} AND address_key = ANY(%(keys)s)
"""
STAGE = f"CREATE TEMP TABLE stage ON COMMIT DROP AS SELECT id, {NAMES} FROM units LIMIT 0"
UPDATE = f"""
    UPDATE units SET {", ".join(f"{name} = stage.{name}" for name in COLUMNS)},
        version = units.version + 1, updated_at = %s
    FROM stage WHERE units.organization_id = %s AND units.id = stage.id
"""
INSERT = f"""
    COPY units (organization_id, group_id, id, version, created_at, updated_at, {NAMES}) FROM STDIN
"""
IDS = "SELECT nextval('units_id_seq') FROM generate_series(1, %s)"

pool = Pool(lambda: psycopg.connect(URL, autocommit=True))


@contextmanager
def transaction() -> Iterator[psycopg.Cursor[Any]]:
    """Yield a cursor in a transaction that is committed at the end."""
    with pool.connection() as opened, opened.transaction(), opened.cursor() as cursor:
        yield cursor


def lock_group(cursor: psycopg.Cursor[Any], organization: int, external_ref: str) -> int | None:
    """Answer the id of a group and hold its lock until the transaction ends."""
    found = cursor.execute(
        "SELECT id FROM groups WHERE organization_id = %s AND external_ref = %s FOR NO KEY UPDATE",
        (organization, external_ref),
    ).fetchone()
    return found and int(found[0])


def load(
    cursor: psycopg.Cursor[Any],
    organization: int,
    group: int,
    identifiers: Sequence[str],
    keys: Sequence[str],
) -> Iterator[Unit]:
    """Yield the units of the group that have one of the identifiers or address keys."""
    names = {
        "organization": organization,
        "group": group,
        "identifiers": identifiers,
        "keys": keys,
    }
    found = {row[0]: row for row in cursor.execute(FIND, names).fetchall()}
    for row in found.values():
        yield unit_from(row, row[BATHROOMS])


def write(
    cursor: psycopg.Cursor[Any],
    organization: int,
    group: int,
    created: Sequence[Unit],
    updated: Iterable[Unit],
    now: datetime,
) -> None:
    """Write what is new and what changed."""
    if updated:
        cursor.execute(STAGE)
        with cursor.copy(f"COPY stage (id, {NAMES}) FROM STDIN") as target:
            for unit in updated:
                target.write_row((unit.shown["id"], *columns_of(unit)))
        cursor.execute("ANALYZE stage (id)")
        cursor.execute(UPDATE, (now, organization))
    if not created:
        return
    for unit, (number,) in zip(created, cursor.execute(IDS, (len(created),)), strict=True):
        unit.shown["id"] = number
    head = (organization, group)
    with cursor.copy(INSERT) as target:
        for unit in created:
            target.write_row((*head, unit.shown["id"], 1, now, now, *columns_of(unit)))
