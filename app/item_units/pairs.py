"""Finding all that an upsert of one pair needs to know, in one statement."""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, FromClause, and_, bindparam, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from app.accounts.auth import Caller
from app.accounts.service import granted_groups
from app.db import AnyRow, AnySelect
from app.item_units.errors import AmbiguousReference, ItemUnitNotFound, UnitNotFound
from app.item_units.queries import (
    ITEM,
    ITEMS,
    OWN,
    TABLE,
    UNIT_NAME,
    UNITS,
    get_item_unit,
    group_named,
)
from app.item_units.schemas import Pair
from app.items.errors import ItemNotFound


def find_pair(session: Session, caller: Caller, pair: Pair, *, lock: bool = False) -> AnyRow:
    """Answer the item and the unit, the pair's item-unit if there is one, the item's default unit.

    All in one statement. With ``lock``, one writer of the item's units at a time gets here; but a
    statement that waited for its lock shows the rest as it was before the wait, so what it says of the
    item-unit must be proven by the write (``service.write``). Only units in groups that the client may
    use count. Raises ``ItemNotFound``, ``UnitNotFound`` (404) and ``AmbiguousReference`` (400).
    """
    item, unit, group = pair.item, pair.unit, pair.group
    statement = pair_statement(
        PairShape(
            item_by="id" if item.reference is None else "reference",
            unit_by="id" if unit.reference is None else "identifier",
            group_by_id=group.id is not None,
            group_by_ref=group.external_ref is not None,
            all_groups=caller.all_groups,
            lock=lock,
        )
    )
    parameters = {
        "organization_id": caller.organization_id,
        "client_id": caller.client_id,
        "item": item.id if item.reference is None else item.reference,
        "unit": unit.id if unit.reference is None else unit.reference,
        "group_id": group.id,
        "group_ref": group.external_ref,
    }
    found = session.execute(statement, parameters).all()
    if not found:
        raise ItemNotFound(item.named)
    if found[0].unit_id is None:
        raise UnitNotFound(unit.named)
    if len(found) > 1:
        raise AmbiguousReference()
    return found[0]


class PairShape(NamedTuple):
    """What the statement of ``find_pair`` looks like, whatever its parameters are."""

    item_by: str
    unit_by: str
    group_by_id: bool
    group_by_ref: bool
    all_groups: bool
    lock: bool


@cache
def pair_statement(shape: PairShape) -> AnySelect:
    """Answer the statement of ``find_pair``; made once a shape, since making it costs more than it."""
    organization_id: BindParameter[int] = bindparam("organization_id")
    default, default_unit = TABLE.alias(), UNITS.alias()
    statement = (
        select(
            *ITEM,
            UNITS.c.id.label("unit_id"),
            UNITS.c.identifier.label("unit_reference"),
            UNIT_NAME,
            *[TABLE.c[name] for name in OWN],
            default.c.id.label("default_id"),
            default.c.version.label("default_version"),
            _usable(shape, default_unit.c.group_id).label("default_usable"),
        )
        .select_from(ITEMS)
        .outerjoin(UNITS, and_(*_named_unit(shape, organization_id)))
        .outerjoin(TABLE, _of_item(TABLE, TABLE.c.unit_id == UNITS.c.id))
        .outerjoin(default, _of_item(default, default.c.is_default))
        .outerjoin(
            default_unit,
            and_(
                default_unit.c.organization_id == default.c.organization_id,
                default_unit.c.id == default.c.unit_id,
            ),
        )
        .where(ITEMS.c.organization_id == organization_id)
        .where(ITEMS.c[shape.item_by] == bindparam("item"))
        .limit(2)
    )
    return statement.with_for_update(of=ITEMS, key_share=True) if shape.lock else statement


def _named_unit(shape: PairShape, organization_id: Any) -> list[ColumnElement[bool]]:
    conditions = [
        UNITS.c.organization_id == organization_id,
        UNITS.c[shape.unit_by] == bindparam("unit"),
        _usable(shape, UNITS.c.group_id),
    ]
    if shape.group_by_id:
        conditions.append(UNITS.c.group_id == bindparam("group_id"))
    if shape.group_by_ref:
        named = group_named(organization_id, bindparam("group_ref"))
        conditions.append(UNITS.c.group_id.in_(named))
    return conditions


def _usable(shape: PairShape, group_id: ColumnElement[int]) -> ColumnElement[bool]:
    if shape.all_groups:
        return true()
    granted = granted_groups(bindparam("organization_id"), bindparam("client_id"))
    return group_id.in_(granted)


def _of_item(table: FromClause, which: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(
        table.c.organization_id == ITEMS.c.organization_id, table.c.item_id == ITEMS.c.id, which
    )


def get_by_pair(session: Session, caller: Caller, pair: Pair) -> AnyRow:
    """Answer the item-unit of a pair; raises 404 for the item, the unit, or the item-unit.

    Also ``AmbiguousReference`` (400). Source: CONTRACT 7.
    """
    found = find_pair(session, caller, pair)
    if found.id is None:
        raise ItemUnitNotFound(f"{pair.item.named}/{pair.unit.named}")
    return get_item_unit(session, caller, found.id)
