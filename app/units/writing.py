"""Writing what a plan decided: set-based, a fixed number of statements, nothing but what changed."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app import bulk
from app.units.addresses import RECIPE
from app.units.matching import Plan, Unit
from app.units.queries import TABLE
from app.units.rows import BLANK, BLANK_ADDRESS, Attributes


def write(session: Session, organization_id: int, group_id: int, planned: Plan) -> None:
    """Write the plan: identifiers freed, units updated, units inserted; ids are taken beforehand.

    Identifiers may move along a chain within one request (A to B while B to C), and each engine checks
    its unique index row by row; so those that another unit takes over are set free first.
    """
    ids = bulk.reserve_ids(session, TABLE, len(planned.created))
    for unit, unit_id in zip(planned.created, ids, strict=True):
        unit.id = unit_id
    # In the order of the table, so that each of its pages is touched once, and rows are locked in turn.
    updated = sorted(planned.updated, key=lambda unit: unit.id or 0)
    # An index is written where a column of it is set, even to what it was.
    known_anew = [unit for unit in updated if unit.is_known_anew]
    known_alike = [unit for unit in updated if not unit.is_known_anew]
    taken = {unit.attributes["identifier"] for unit in known_anew} - {None}
    for rows in (
        identifiers_freed(updated, taken),
        changed_columns(known_anew, with_key=True),
        changed_columns(known_alike),
    ):
        bulk.update_rows(session, TABLE, organization_id, rows)
    created = (all_columns(unit, group_id) for unit in planned.created)
    bulk.insert_rows(session, TABLE, organization_id, created)


def identifiers_freed(units: Iterable[Unit], taken: set[str]) -> list[dict[str, Any]]:
    """Answer the columns that free those identifiers of ``units`` which others take over."""
    return [
        {"id": unit.id, "identifier": None}
        for unit in units
        if unit.stored_identifier in taken
        and unit.stored_identifier != unit.attributes["identifier"]
    ]


def changed_columns(units: Sequence[Unit], *, with_key: bool = False) -> list[dict[str, Any]]:
    """Answer for each of ``units`` the same columns: those in which any of them has changed.

    ``with_key`` adds what they are found by.
    """
    changed = frozenset(["identifier"] if with_key else []).union(*(u.changed for u in units))
    names = [name for name in BLANK if name in changed and name != "address"]
    has_moved = "address" in changed
    return [
        {
            **{name: unit.attributes[name] for name in names},
            **(address_columns(unit) if has_moved else {}),
            **(key_columns(unit) if with_key else {}),
            "version": unit.version,
            "updated_at": unit.updated_at,
            "id": unit.id,
        }
        for unit in units
    ]


def all_columns(unit: Unit, group_id: int) -> dict[str, Any]:
    """Answer what is written of a new unit; the inverse of ``lookup.unit_from``."""
    columns = {
        **unit.attributes,
        **address_columns(unit),
        **key_columns(unit),
        "group_id": group_id,
        "version": unit.version,
        "created_at": unit.created_at,
        "updated_at": unit.updated_at,
        "id": unit.id,
    }
    del columns["address"]
    return columns


def address_columns(unit: Unit) -> Attributes:
    """Answer the address of ``unit`` as it is written, inline."""
    address: Attributes = unit.attributes["address"] or BLANK_ADDRESS
    return address


def key_columns(unit: Unit) -> dict[str, Any]:
    """Answer the key of ``unit`` as it is written."""
    recipe = None if unit.address_key is None else RECIPE
    return {"address_key": unit.address_key, "address_recipe": recipe}
