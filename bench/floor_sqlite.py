"""The floor on SQLite: the driver alone, set-based SQL, every attribute read back. Checks nothing."""

import sqlite3
from collections.abc import Sequence

from bench.registry import now_text
from bench.workload import COLUMNS, Record

NAMES = ", ".join(COLUMNS)
MARKS = ", ".join("?" * (len(COLUMNS) + 1))
KEPT = "COALESCE(excluded.identifier, units.identifier)"
OVERWRITTEN = ", ".join(
    f"{name} = {KEPT if name == 'identifier' else f'excluded.{name}'}" for name in COLUMNS
)

SETUP = f"""
    PRAGMA temp_store = MEMORY;
    CREATE TEMP TABLE IF NOT EXISTS stage (position INTEGER PRIMARY KEY, {NAMES});
    CREATE TEMP TABLE IF NOT EXISTS matched (position INTEGER PRIMARY KEY, known, id);
    DELETE FROM stage;
    DELETE FROM matched;
"""
MATCH = """
    INSERT INTO matched (position, known)
    SELECT stage.position, COALESCE(named.id, housed.id)
    FROM stage
    LEFT JOIN units AS named ON named.organization_id = :organization AND named.group_id = :group
        AND named.identifier = stage.identifier
    LEFT JOIN units AS housed ON named.id IS NULL AND housed.organization_id = :organization
        AND housed.group_id = :group AND housed.address_recipe = stage.address_recipe
        AND housed.address_key = stage.address_key
    ORDER BY stage.position
"""
NUMBER = """
    UPDATE matched SET id = COALESCE(
        known, position + 1 + (SELECT seq FROM sqlite_sequence WHERE name = 'units'))
"""
WRITE = f"""
    INSERT INTO units (id, organization_id, group_id, version, created_at, updated_at, {NAMES})
    SELECT matched.id, :organization, :group, 1, :now, :now,
        {", ".join(f"stage.{name}" for name in COLUMNS)}
    FROM matched JOIN stage USING (position)
    WHERE true ORDER BY matched.id
    ON CONFLICT (id) DO UPDATE SET {OVERWRITTEN},
        version = units.version + 1, updated_at = excluded.updated_at
"""
READ = f"""
    SELECT matched.known IS NULL, units.id, units.created_at, units.updated_at,
        {", ".join(f"units.{name}" for name in COLUMNS)}
    FROM matched JOIN units ON units.id = matched.id ORDER BY matched.position
"""


def upsert(
    connection: sqlite3.Connection, organization: int, group: int, records: Sequence[Record]
) -> list[Record]:
    """Create or update the units of a group; answers what became of each and all its columns."""
    names = {"organization": organization, "group": group, "now": now_text()}
    connection.executescript(SETUP)
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        f"INSERT INTO stage VALUES ({MARKS})",
        [(position, *record) for position, record in enumerate(records)],
    )
    connection.execute(MATCH, names)
    connection.execute(NUMBER)
    connection.execute(WRITE, names)
    answer = connection.execute(READ).fetchall()
    connection.execute("COMMIT")
    return answer
