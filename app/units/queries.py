"""Reading units: one by id, or a list walked by a cursor. The rows come from the table's columns."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from app.accounts.auth import Caller
from app.accounts.service import GroupKey, find_group, may_use
from app.db import MAX_ID, AnySelect
from app.query import cut_page, walk
from app.units.errors import UnitNotFound
from app.units.matching import BLANK, BLANK_ADDRESS, Attributes
from app.units.models import Unit as UnitModel

TABLE: Table = UnitModel.__table__  # type: ignore[assignment]
INLINE = [name for name in BLANK if name != "address"]
"""The attributes that are columns of the same name."""


def attributes_from(columns: Mapping[Any, Any]) -> Attributes:
    """Answer the attributes in ``columns``, with the address as an object again."""
    attributes = {name: columns[name] for name in INLINE}
    has_address = columns["address_line_1"] is not None
    attributes["address"] = {n: columns[n] for n in BLANK_ADDRESS} if has_address else None
    return attributes


def dump_unit(columns: Mapping[Any, Any]) -> dict[str, Any]:
    """Answer a unit as it is shown. Source: CONTRACT 5."""
    return {
        "id": columns["id"],
        "group_id": columns["group_id"],
        **attributes_from(columns),
        "created_at": columns["created_at"],
        "updated_at": columns["updated_at"],
    }


def get_unit(session: Session, caller: Caller, unit_id: int) -> tuple[dict[str, Any], int]:
    """Answer the unit with this id and its version; raises ``UnitNotFound`` (404).

    A unit of a group that the client may not use does not exist for it. Source: CONTRACT 5.
    """
    row = session.execute(_visible(caller).where(TABLE.c.id == min(unit_id, MAX_ID))).one_or_none()
    if row is None:
        raise UnitNotFound()
    return dump_unit(row._mapping), row.version


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
    return {"units": [dump_unit(row._mapping) for row in page], "next_cursor": more}


def _visible(caller: Caller) -> AnySelect:
    return select(TABLE).where(
        TABLE.c.organization_id == caller.organization_id,
        may_use(caller, UnitModel.group_id.expression),
    )
