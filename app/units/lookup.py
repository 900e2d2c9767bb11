"""Finding the stored units that the rows of a request are about: by identifier, then by address."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import and_, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from app import bulk
from app.units.addresses import RECIPE
from app.units.matching import Reject, Unit
from app.units.queries import COLUMNS, IS_CURRENT, OWN, STALE, TABLE, attributes_from
from app.units.rows import UnitRow, key_of


def load_sought(
    session: Session,
    organization_id: int,
    group_id: int,
    rows: Sequence[UnitRow | Reject],
    default_country: str,
) -> list[Unit]:
    """Answer every stored unit of the group by whose identifier or address key a row may be found.

    What another recipe made a key of may have any key by today's: where an address is sought, all of it
    is loaded, so that matching is right while ``rekey`` runs and while two versions serve side by side.
    """
    in_group = and_(TABLE.c.organization_id == organization_id, TABLE.c.group_id == group_id)

    def load(*conditions: ColumnElement[bool]) -> dict[int, Unit]:
        """Answer by id the units of the group that meet one of the conditions, in one statement."""
        # Apart, each is surely answered by its index; of conditions joined by OR, planners scan the
        # group. And nothing is joined: a plan that was made while the table was small must not become
        # quadratic.
        queries = [select(*COLUMNS).where(in_group, condition) for condition in conditions]
        query = queries[0] if len(queries) == 1 else union_all(*queries)
        return {row[0]: unit_from(row, default_country) for row in session.execute(query)}

    valid = [row for row in rows if isinstance(row, UnitRow)]
    identifiers = {row.attributes["identifier"] for row in valid if "identifier" in row.attributes}
    found: dict[int, Unit] = {}
    if identifiers:
        found = load(bulk.is_one_of(session, TABLE.c.identifier, identifiers))
    keys = keys_sought(valid, found.values())
    if keys:
        has_key = and_(IS_CURRENT, bulk.is_one_of(session, TABLE.c.address_key, keys))
        found = load(has_key, *STALE) | found
    return [found[unit_id] for unit_id in sorted(found)]


def keys_sought(rows: Sequence[UnitRow], named: Collection[Unit]) -> set[str]:
    """Answer the address keys by which a row may have to be found, ``named`` being found by identifier.

    A row whose identifier is known is found by it and needs no key, and making keys is what takes most
    time. Unless its unit loses that identifier before: only a row that is sought by address can take
    the unit over, and only while the address is the unit's. Then all keys are made.
    """
    known = {unit.attributes["identifier"] for unit in named}
    others = (row for row in rows if row.attributes.get("identifier") not in known)
    keys = {row.address_key for row in others if row.address_key is not None}
    if keys and not keys.isdisjoint(unit.address_key for unit in named):
        keys = {row.address_key for row in rows if row.address_key is not None}
    return keys


def unit_from(row: Sequence[Any], default_country: str) -> Unit:
    """Answer the stored unit in a row of ``COLUMNS``, its key by today's recipe."""
    attributes = attributes_from(row)
    unit_id, _, stored_key, recipe, version, created_at, updated_at = row[: len(OWN)]
    key = stored_key if recipe == RECIPE else key_of(attributes, default_country)
    return Unit(
        unit_id,
        attributes,
        key,
        version,
        created_at,
        updated_at,
        stored_identifier=attributes["identifier"],
        is_known_anew=key is not None and recipe != RECIPE,
    )
