"""Upserting and finding item-units: the item locked, one look-up, a decision, one write."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, func, insert, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from app.accounts.auth import Caller
from app.accounts.models import Group
from app.accounts.service import GroupKey, may_use
from app.db import MAX_ID, AnyRow, AnySelect, utcnow
from app.errors import ApiError
from app.fields import clean_text, is_clean_reference
from app.item_units.errors import AmbiguousReference, ItemUnitNotFound, UnitNotFound
from app.item_units.models import ItemUnit
from app.item_units.rules import ON_INSERT, Change, Decision, Options, Stored, decide
from app.item_units.schemas import dump_item_unit
from app.items.errors import ItemNotFound
from app.items.models import Item
from app.units.models import Unit

TABLE: Table = ItemUnit.__table__  # type: ignore[assignment]
UNIT_NAME = func.coalesce(Unit.name, Unit.unit_number, Unit.identifier).label("unit_name")


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of an upsert: ``action`` and the item-unit as it now stands."""

    action: str
    id: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """The references that name an item-unit, as the client spelt them, and the unit's group."""

    item: str
    unit: str
    group: GroupKey


def upsert_item_unit(
    session: Session, caller: Caller, pair: Pair, change: Change, options: Options
) -> Upserted:
    """Create or update how an item is kept in a unit.

    Raises ``ItemNotFound``, ``UnitNotFound`` (404), ``AmbiguousReference`` and the errors of
    ``rules.decide`` (400), in this order. Source: S2, CONTRACT 6.
    """
    item = lock_item(session, caller, pair.item)
    found = load_unit(session, caller, pair, item.id)
    decision = decide(change, stored_from(found), options)
    if isinstance(decision, ApiError):
        raise decision
    row = write(session, caller, item.id, found, decision, utcnow())
    row |= {"item_reference": item.reference, "item_name": item.name, "item_id": item.id}
    row |= {"unit_reference": found.identifier, "unit_name": found.unit_name}
    return Upserted(decision.action, row["id"], dump_item_unit(row, caller.organization))


def lock_item(session: Session, caller: Caller, reference: str) -> AnyRow:
    """Answer the item and hold its lock: one writer of an item's units at a time."""
    wanted = clean_text(reference)
    if reference in (".", "..") or not is_clean_reference(wanted):
        raise ItemNotFound(reference)
    found = session.execute(
        select(Item.id, Item.reference, Item.name)
        .where(Item.organization_id == caller.organization_id, Item.reference == wanted)
        .with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise ItemNotFound(reference)
    return found


def load_unit(session: Session, caller: Caller, pair: Pair, item_id: int) -> AnyRow:
    """Answer the unit, the pair's item-unit if there is one, and the item's default unit.

    One statement, run under the item's lock. Only units in groups that the client may use count.
    """
    wanted = clean_text(pair.unit)
    if pair.unit in (".", "..") or not is_clean_reference(wanted):
        raise UnitNotFound(pair.unit)
    found = session.execute(_unit_query(caller, wanted, pair.group, item_id)).all()
    if not found:
        raise UnitNotFound(pair.unit)
    if len(found) > 1:
        raise AmbiguousReference()
    return found[0]


def _unit_query(caller: Caller, reference: str, group: GroupKey, item_id: int) -> AnySelect:
    default, default_unit = aliased(ItemUnit), aliased(Unit)
    query = (
        select(
            Unit.id.label("unit_id"),
            Unit.identifier,
            UNIT_NAME,
            *[TABLE.c[name] for name in ("id", *ON_INSERT, "version", "created_at", "updated_at")],
            default.id.label("default_id"),
            may_use(caller, default_unit.group_id.expression).label("default_usable"),
        )
        .outerjoin(ItemUnit, _of_item(ItemUnit, caller, item_id, ItemUnit.unit_id == Unit.id))
        .outerjoin(default, _of_item(default, caller, item_id, default.is_default.expression))
        .outerjoin(
            default_unit,
            and_(
                default_unit.organization_id == caller.organization_id,
                default_unit.id == default.unit_id,
            ),
        )
        .where(Unit.organization_id == caller.organization_id, Unit.identifier == reference)
        .where(may_use(caller, Unit.group_id.expression))
        .limit(2)
    )
    return _in_group(query, caller, group)


def _of_item(
    model: type[ItemUnit], caller: Caller, item_id: int, which: ColumnElement[bool]
) -> ColumnElement[bool]:
    return and_(model.organization_id == caller.organization_id, model.item_id == item_id, which)


def _in_group(query: AnySelect, caller: Caller, group: GroupKey) -> AnySelect:
    if group.id is not None:
        query = query.where(Unit.group_id == group.id)
    if group.external_ref is not None:
        named = select(Group.id).where(
            Group.organization_id == caller.organization_id,
            Group.external_ref == group.external_ref,
        )
        query = query.where(Unit.group_id.in_(named))
    return query


def stored_from(found: AnyRow) -> Stored:
    """Answer what the rules need of the row that ``load_unit`` found."""
    columns = found._mapping
    attributes = None if found.id is None else {name: columns[name] for name in ON_INSERT}
    return Stored(found.id, attributes, found.default_id, bool(found.default_usable))


def write(
    session: Session,
    caller: Caller,
    item_id: int,
    found: AnyRow,
    decision: Decision,
    now: datetime,
) -> dict[str, Any]:
    """Write the decision and answer the columns of the item-unit as it now stands."""
    row = {"id": found.id, "unit_id": found.unit_id, **decision.attributes}
    if decision.action == "unchanged":
        return row | {"created_at": found.created_at, "updated_at": found.updated_at}
    own = TABLE.c.organization_id == caller.organization_id
    if decision.demote is not None:
        session.execute(
            update(TABLE)
            .where(own, TABLE.c.id == decision.demote)
            .values(is_default=False, version=TABLE.c.version + 1, updated_at=now)
        )
    if decision.action == "updated":
        changed = {**decision.attributes, "version": found.version + 1, "updated_at": now}
        session.execute(update(TABLE).where(own, TABLE.c.id == found.id).values(changed))
        return row | {"created_at": found.created_at, "updated_at": now}
    new = {
        **decision.attributes,
        "organization_id": caller.organization_id,
        "item_id": item_id,
        "unit_id": found.unit_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    new_id = session.execute(insert(TABLE).values(new).returning(TABLE.c.id)).scalar_one()
    return row | new | {"id": new_id}


def get_item_unit(session: Session, caller: Caller, item_unit_id: int) -> dict[str, Any]:
    """Answer the item-unit with this id; raises ``ItemUnitNotFound`` (404). Source: CONTRACT 7."""
    found = session.execute(
        select(
            TABLE,
            Item.reference.label("item_reference"),
            Item.name.label("item_name"),
            Unit.identifier.label("unit_reference"),
            UNIT_NAME,
        )
        .join(
            Item,
            and_(Item.organization_id == TABLE.c.organization_id, Item.id == TABLE.c.item_id),
        )
        .join(
            Unit,
            and_(Unit.organization_id == TABLE.c.organization_id, Unit.id == TABLE.c.unit_id),
        )
        .where(TABLE.c.organization_id == caller.organization_id)
        .where(TABLE.c.id == min(item_unit_id, MAX_ID))
        .where(may_use(caller, Unit.group_id.expression))
    ).one_or_none()
    if found is None:
        raise ItemUnitNotFound(item_unit_id)
    return dump_item_unit(found._mapping, caller.organization)
