"""Writing many item-units: their items locked, one look-up each, a plan, set-based writes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app import bulk
from app.accounts.auth import Caller
from app.accounts.service import GroupKey, may_use
from app.db import utcnow
from app.errors import ApiError
from app.item_units.planning import ItemUnit, KnownItem, KnownItemUnits, KnownUnit, ManyRow, Step
from app.item_units.queries import ITEMS, TABLE, UNIT_NAME, UNITS, in_group
from app.item_units.rules import ON_INSERT, Options


def upsert_item_units(
    session: Session,
    caller: Caller,
    rows: Sequence[ManyRow | ApiError],
    group: GroupKey,
    options: Options,
) -> list[Step | ApiError]:
    """Create or update many item-units; answers what each row did, or its error, in order.

    The number of SQL statements does not depend on the number of rows. Source: CONTRACT 7.
    """
    named = [row for row in rows if isinstance(row, ManyRow)]
    items = lock_items(session, caller, {row.item for row in named})
    units = load_units(session, caller, {row.unit for row in named}, group)
    stored = load_item_units(session, caller, items, units)
    known = KnownItemUnits(items, units, stored, utcnow())
    steps = [row if isinstance(row, ApiError) else known.take(row, options) for row in rows]
    write(session, caller, known)
    return steps


def lock_items(session: Session, caller: Caller, references: set[str]) -> list[KnownItem]:
    """Answer the items with these references, locked in order of id: no two requests entangle."""
    found = session.execute(
        select(ITEMS.c.id, ITEMS.c.reference, ITEMS.c.name)
        .where(ITEMS.c.organization_id == caller.organization_id)
        .where(bulk.is_one_of(session, ITEMS.c.reference, references))
        .order_by(ITEMS.c.id)
        .with_for_update(key_share=True)
    )
    return [KnownItem(*row) for row in found]


def load_units(
    session: Session, caller: Caller, references: set[str], group: GroupKey
) -> list[KnownUnit]:
    """Answer the units with these references, of groups that the client may use."""
    query = (
        select(UNITS.c.id, UNITS.c.identifier, UNIT_NAME)
        .where(UNITS.c.organization_id == caller.organization_id)
        .where(bulk.is_one_of(session, UNITS.c.identifier, references))
        .where(may_use(caller, UNITS.c.group_id), *in_group(caller, group))
        .order_by(UNITS.c.id)
    )
    return [KnownUnit(row.id, row.identifier, row.unit_name) for row in session.execute(query)]


def load_item_units(
    session: Session, caller: Caller, items: Sequence[KnownItem], units: Sequence[KnownUnit]
) -> list[ItemUnit]:
    """Answer the item-units of these items that have one of the units or are the item's default."""
    item_ids, unit_ids = [item.id for item in items], [unit.id for unit in units]
    found = session.execute(
        select(TABLE, may_use(caller, UNITS.c.group_id).label("usable"))
        .join(
            UNITS,
            and_(UNITS.c.organization_id == TABLE.c.organization_id, UNITS.c.id == TABLE.c.unit_id),
        )
        .where(TABLE.c.organization_id == caller.organization_id)
        .where(bulk.is_one_of(session, TABLE.c.item_id, item_ids))
        .where(or_(bulk.is_one_of(session, TABLE.c.unit_id, unit_ids), TABLE.c.is_default))
    )
    return [
        ItemUnit(
            row.id,
            row.item_id,
            row.unit_id,
            {name: row._mapping[name] for name in ON_INSERT},
            row.version,
            row.created_at,
            row.updated_at,
            bool(row.usable),
            row.is_default,
        )
        for row in found
    ]


def write(session: Session, caller: Caller, known: KnownItemUnits) -> None:
    """Write what became of the item-units: old defaults first, then updates, then inserts.

    An item may not have two defaults even within a statement, so those that lose it come first.
    """
    updated = known.updated
    ids = bulk.reserve_ids(session, TABLE, len(known.created))
    for kept, new_id in zip(known.created, ids, strict=True):
        kept.id = new_id
    demoted = [{"id": kept.id, "is_default": False} for kept in updated if kept.was_default]
    bulk.update_rows(session, TABLE, caller.organization_id, demoted)
    bulk.update_rows(
        session, TABLE, caller.organization_id, [{"id": k.id, **columns_from(k)} for k in updated]
    )
    bulk.insert_rows(
        session,
        TABLE,
        caller.organization_id,
        [
            {
                "id": kept.id,
                "item_id": kept.item_id,
                "unit_id": kept.unit_id,
                **columns_from(kept),
                "created_at": kept.created_at,
            }
            for kept in known.created
        ],
    )


def columns_from(kept: ItemUnit) -> dict[str, Any]:
    """Answer the columns that a write of ``kept`` sets."""
    return {**kept.attributes, "version": kept.version, "updated_at": kept.updated_at}
