"""Reading units: one by id, or a list walked by a cursor. The rows come from the table's columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import BindParameter

from app.accounts.auth import Caller
from app.accounts.service import GroupKey, find_group, may_use
from app.db import MAX_ID, AnyRow, AnySelect
from app.query import cut_page, walk
from app.units.addresses import RECIPE
from app.units.errors import UnitNotFound
from app.units.models import Unit
from app.units.rows import ADDRESS_FIELDS, BLANK, Attributes

TABLE: Table = Unit.__table__  # type: ignore[assignment]
INLINE = tuple(name for name in BLANK if name != "address")
"""The attributes that are columns of the same name."""

OWN = (
    "id",
    "group_id",
    "address_key",
    "address_recipe",
    "version",
    "created_at",
    "updated_at",
)
COLUMNS = [TABLE.c[name] for name in (*OWN, *INLINE, *ADDRESS_FIELDS)]
"""What is read of a unit, in the order that ``attributes_from`` counts on."""


_RECIPE: BindParameter[int] = bindparam("recipe", RECIPE, literal_execute=True)
IS_CURRENT = TABLE.c.address_recipe == _RECIPE
"""The unit's address key was made by today's recipe."""

STALE = (TABLE.c.address_recipe < _RECIPE, TABLE.c.address_recipe > _RECIPE)
"""It was made by an older one, or by a newer one beside which this server still runs.

Two ranges and a literal: even a plan made before the values are known reads them from the index.
"""


def attributes_from(row: Sequence[Any]) -> Attributes:
    """Answer the attributes in a row of ``COLUMNS``, with the address as an object again."""
    start, middle = len(OWN), len(OWN) + len(INLINE)
    attributes = dict(zip(INLINE, row[start:middle], strict=True))
    address = dict(zip(ADDRESS_FIELDS, row[middle:], strict=True))
    attributes["address"] = address if address["address_line_1"] is not None else None
    return attributes


def dump_unit(row: AnyRow) -> dict[str, Any]:
    """Answer a unit as it is shown. Source: CONTRACT 5."""
    return {
        "id": row.id,
        "group_id": row.group_id,
        **attributes_from(row),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def get_unit(session: Session, caller: Caller, unit_id: int) -> tuple[dict[str, Any], int]:
    """Answer the unit with this id and its version; raises ``UnitNotFound`` (404).

    A unit of a group that the client may not use does not exist for it. Source: CONTRACT 5.
    """
    row = session.execute(_visible(caller).where(TABLE.c.id == min(unit_id, MAX_ID))).one_or_none()
    if row is None:
        raise UnitNotFound()
    return dump_unit(row), row.version


def list_units(
    session: Session, caller: Caller, group: GroupKey | None, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Answer a page of units, oldest change first, and the cursor of the next page or None.

    ``wanted`` may have ``identifier``, ``updated_since``, ``cursor`` and has ``limit``. A unit that
    changes during a walk moves to its end, never back (``matching.KnownUnits``), so whatever exists
    throughout is seen. Raises ``GroupNotFound`` (404), ``NoAccessToGroup`` (401). Source: CONTRACT 5.
    """
    query = walk(_visible(caller), "updated_at", wanted)
    if group is not None:
        query = query.where(TABLE.c.group_id == find_group(session, caller, group))
    if wanted.get("identifier") is not None:
        query = query.where(TABLE.c.identifier == wanted["identifier"])
    if wanted.get("updated_since") is not None:
        query = query.where(TABLE.c.updated_at >= wanted["updated_since"])
    page, more = cut_page(session.execute(query).all(), "updated_at", wanted["limit"])
    return {"units": [dump_unit(row) for row in page], "next_cursor": more}


def load_addresses(
    session: Session, organization_id: int, group_id: int, most: int
) -> list[tuple[int, Attributes]]:
    """Answer ids and attributes of the group's units that have an address: ``most``, or one more."""
    named = [TABLE.c[name] for name in ("id", "identifier", "unit_number", *ADDRESS_FIELDS)]
    found = session.execute(
        select(*named)
        .where(TABLE.c.organization_id == organization_id, TABLE.c.group_id == group_id)
        .where(TABLE.c.address_line_1.is_not(None))
        .limit(most + 1)
    )
    return [
        (
            unit_id,
            {
                "identifier": identifier,
                "unit_number": unit_number,
                "address": dict(zip(ADDRESS_FIELDS, address, strict=True)),
            },
        )
        for unit_id, identifier, unit_number, *address in found
    ]


def _visible(caller: Caller) -> AnySelect:
    return select(*COLUMNS).where(
        TABLE.c.organization_id == caller.organization_id,
        may_use(caller, TABLE.c.group_id),
    )
