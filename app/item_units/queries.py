"""The SELECT statements of item-units, and what only reads."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, and_, func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from app.accounts.auth import Caller
from app.accounts.service import GROUPS, GroupKey, may_use
from app.bulk import is_sqlite
from app.db import MAX_ID, AnyRow, AnySelect
from app.item_units.errors import ItemUnitNotFound
from app.item_units.models import ItemUnit
from app.item_units.rules import ON_INSERT
from app.item_units.schemas import Key
from app.items.errors import ItemNotFound
from app.items.models import Item
from app.query import count_rows, offset_page
from app.units.models import Unit

TABLE: Table = ItemUnit.__table__  # type: ignore[assignment]
ITEMS: Table = Item.__table__  # type: ignore[assignment]
UNITS: Table = Unit.__table__  # type: ignore[assignment]
ITEM = (
    ITEMS.c.id.label("item_id"),
    ITEMS.c.reference.label("item_reference"),
    ITEMS.c.name.label("item_name"),
)
OWN = ("id", *ON_INSERT, "version", "created_at", "updated_at")
UNIT_NAME = func.coalesce(UNITS.c.name, UNITS.c.unit_number, UNITS.c.identifier).label("unit_name")
"""A unit's name, else its unit number, else its identifier. Source: CONTRACT 6."""


def find_item(session: Session, caller: Caller, key: Key, *, lock: bool = False) -> AnyRow:
    """Answer the item that ``key`` names, raises ``ItemNotFound`` (404).

    With ``lock``, one writer of the item's units at a time holds it.
    """
    named = ITEMS.c.id == key.id if key.reference is None else ITEMS.c.reference == key.reference
    query = select(*ITEM).where(ITEMS.c.organization_id == caller.organization_id, named)
    if lock:
        query = query.with_for_update(key_share=True)
    found = session.execute(query).one_or_none()
    if found is None:
        raise ItemNotFound(key.named)
    return found


def in_group(caller: Caller, group: GroupKey) -> list[ColumnElement[bool]]:
    """Answer the conditions that a unit is in the group, if one is named."""
    conditions: list[ColumnElement[bool]] = []
    if group.id is not None:
        conditions.append(UNITS.c.group_id == group.id)
    if group.external_ref is not None:
        named = group_named(caller.organization_id, group.external_ref)
        conditions.append(UNITS.c.group_id.in_(named))
    return conditions


def group_named(organization_id: Any, external_ref: Any) -> AnySelect:
    """Answer the query for the id of a group by its reference; takes values, or parameters for them."""
    return select(GROUPS.c.id).where(
        GROUPS.c.organization_id == organization_id, GROUPS.c.external_ref == external_ref
    )


def get_item_unit(session: Session, caller: Caller, item_unit_id: int) -> AnyRow:
    """Answer the item-unit with this id; raises ``ItemUnitNotFound`` (404). Source: CONTRACT 7."""
    found = session.execute(
        _shown(caller).where(TABLE.c.id == min(item_unit_id, MAX_ID))
    ).one_or_none()
    if found is None:
        raise ItemUnitNotFound(item_unit_id)
    return found


def list_item_units(
    session: Session, caller: Caller, wanted: Mapping[str, Any]
) -> tuple[int, list[AnyRow]]:
    """Answer how many item-units there are, and a page of them in order of id.

    ``wanted`` has ``max`` and ``offset`` and may have the filters of ``schemas.ListQuery``. Only those
    in groups that the client may use count. Source: CONTRACT 7.
    """
    ids = _filtered(session, caller, wanted)
    total = count_rows(session, ids)
    page = offset_page(ids, total, wanted).subquery()
    rows = session.execute(_shown(caller).join(page, page.c.id == TABLE.c.id).order_by(TABLE.c.id))
    return total, list(rows)


def _filtered(session: Session, caller: Caller, wanted: Mapping[str, Any]) -> AnySelect:
    ids = select(TABLE.c.id).where(TABLE.c.organization_id == caller.organization_id)
    units = select(UNITS.c.id).where(UNITS.c.organization_id == caller.organization_id)
    if not caller.all_groups:
        granted = TABLE.c.unit_id.in_(units.where(may_use(caller, UNITS.c.group_id)))
        # PostgreSQL would make a join of it, join all and sort that. Asked whether it is true, it walks
        # the index in order and stops at the end of the page.
        ids = ids.where(granted if is_sqlite(session) else granted.is_(True))
    if (reference := wanted.get("itemReference")) is not None:
        items = select(ITEMS.c.id).where(ITEMS.c.organization_id == caller.organization_id)
        ids = ids.where(TABLE.c.item_id.in_(items.where(ITEMS.c.reference == reference)))
    if (reference := wanted.get("unitReference")) is not None:
        ids = ids.where(TABLE.c.unit_id.in_(units.where(UNITS.c.identifier == reference)))
    if (is_default := wanted.get("isDefault")) is not None:
        ids = ids.where(TABLE.c.is_default == is_default)
    if (since := wanted.get("lastUpdated_gte")) is not None:
        ids = ids.where(TABLE.c.updated_at >= since)
    return ids


def _shown(caller: Caller) -> AnySelect:
    """Answer the query for item-units with all that ``answers.dump_item_unit`` shows."""
    return (
        select(
            TABLE,
            ITEMS.c.reference.label("item_reference"),
            ITEMS.c.name.label("item_name"),
            UNITS.c.identifier.label("unit_reference"),
            UNIT_NAME,
        )
        .join(
            ITEMS,
            and_(ITEMS.c.organization_id == TABLE.c.organization_id, ITEMS.c.id == TABLE.c.item_id),
        )
        .join(
            UNITS,
            and_(UNITS.c.organization_id == TABLE.c.organization_id, UNITS.c.id == TABLE.c.unit_id),
        )
        .where(TABLE.c.organization_id == caller.organization_id)
        .where(may_use(caller, UNITS.c.group_id))
    )
