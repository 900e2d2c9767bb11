"""The floor on PostgreSQL: the driver alone, COPY and set-based SQL, every attribute read back."""

from collections.abc import Sequence

import psycopg

from bench.registry import now_text
from bench.workload import COLUMNS, Record

NAMES = ", ".join(COLUMNS)
SET = ", ".join(
    f"{name} = "
    + (
        "COALESCE(matched.identifier, units.identifier)"
        if name == "identifier"
        else f"matched.{name}"
    )
    for name in COLUMNS
)
READABLE = ", ".join(f"units.{name}{'::text' if name == 'bathrooms' else ''}" for name in COLUMNS)

STAGE = f"""
    CREATE TEMP TABLE stage ON COMMIT DROP AS
    SELECT 0 AS position, {NAMES} FROM units LIMIT 0
"""
MATCH = """
    CREATE TEMP TABLE matched ON COMMIT DROP AS
    SELECT stage.*, COALESCE(named.id, housed.id) AS known,
        COALESCE(named.id, housed.id, nextval('units_id_seq')) AS id
    FROM stage
    LEFT JOIN units AS named ON named.organization_id = %(organization)s
        AND named.group_id = %(group)s AND named.identifier = stage.identifier
    LEFT JOIN units AS housed ON named.id IS NULL AND housed.organization_id = %(organization)s
        AND housed.group_id = %(group)s AND housed.address_recipe = stage.address_recipe
        AND housed.address_key = stage.address_key
"""
UPDATE = f"""
    UPDATE units SET {SET}, version = units.version + 1, updated_at = %(now)s::timestamp
    FROM matched WHERE units.organization_id = %(organization)s AND units.id = matched.known
"""
INSERT = f"""
    INSERT INTO units (organization_id, group_id, id, version, created_at, updated_at, {NAMES})
    SELECT %(organization)s, %(group)s, id, 1, %(now)s::timestamp, %(now)s::timestamp, {NAMES}
    FROM matched WHERE known IS NULL
"""
READ = f"""
    SELECT matched.known IS NULL, units.id, units.created_at, units.updated_at, {READABLE}
    FROM matched JOIN units
        ON units.organization_id = %(organization)s AND units.id = matched.id
    ORDER BY matched.position
"""


def upsert(
    connection: psycopg.Connection, organization: int, group: int, records: Sequence[Record]
) -> list[Record]:
    """Create or update the units of a group; answers what became of each and all its columns."""
    names = {"organization": organization, "group": group, "now": now_text()}
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(STAGE)
        with cursor.copy("COPY stage FROM STDIN") as target:
            for position, record in enumerate(records):
                target.write_row((position, *record))
        cursor.execute("ANALYZE stage (position)")
        cursor.execute(MATCH, names)
        cursor.execute("ANALYZE matched (known, id)")
        cursor.execute(UPDATE, names)
        cursor.execute(INSERT, names)
        return cursor.execute(READ, names).fetchall()
