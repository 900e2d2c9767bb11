"""Writing single item-units: the item locked, one look-up, a decision, one write."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from app.accounts.auth import Caller
from app.accounts.service import GroupKey
from app.db import AnyRow, utcnow
from app.errors import ApiError
from app.item_units.answers import dump_item_unit
from app.item_units.errors import ItemUnitNotFound, PreconditionFailed
from app.item_units.queries import TABLE, find_item, find_unit, get_item_unit
from app.item_units.rules import ON_INSERT, Change, Decision, Options, Stored, decide
from app.item_units.schemas import Key, Pair
from app.tags import entity_tag, is_met


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an upsert: ``action`` and the item-unit as it now stands."""

    action: str
    id: int
    version: int
    body: dict[str, Any]


def upsert_item_unit(
    session: Session, caller: Caller, pair: Pair, change: Change, options: Options
) -> Written:
    """Create or update how an item is kept in a unit.

    Raises ``ItemNotFound``, ``UnitNotFound`` (404), ``AmbiguousReference`` (400), with
    ``options.update_only`` also ``ItemUnitNotFound`` (404), then the errors of ``rules.decide``, in this
    order. Source: S2, CONTRACT 6.
    """
    item = find_item(session, caller, pair.item, lock=True)
    found = find_unit(session, caller, pair, item.item_id)
    if found.id is None and options.update_only:
        raise ItemUnitNotFound(f"{pair.item.named}/{pair.unit.named}")
    return apply(session, caller, item, found, found, change, options)


def update_item_unit(
    session: Session,
    caller: Caller,
    item_unit_id: int,
    moved_to: tuple[Key | None, Key | None],
    group: GroupKey,
    change: Change,
    options: Options,
) -> Written:
    """Update an item-unit, and move it to another item or unit where ``moved_to`` names one.

    Raises ``ItemUnitNotFound`` and what ``upsert_item_unit`` raises; ``AlreadyAssigned`` where another
    item-unit has the pair. Source: CONTRACT 6 and 7.
    """
    seen = get_item_unit(session, caller, item_unit_id)
    item_key = moved_to[0] or Key(seen.item_id, id=seen.item_id)
    # Both items are locked, the one with the lower id first: two moves never wait for each other.
    target = find_item(session, caller, item_key)
    locked = {
        item_id: find_item(session, caller, Key(item_id, id=item_id), lock=True)
        for item_id in sorted({seen.item_id, target.item_id})
    }
    own = get_item_unit(session, caller, item_unit_id)
    if own.item_id not in locked:  # Moved by somebody else before it was locked.
        return update_item_unit(session, caller, item_unit_id, moved_to, group, change, options)
    item = locked[target.item_id] if moved_to[0] else locked[own.item_id]
    unit_key = moved_to[1] or Key(own.unit_id, id=own.unit_id)
    found = find_unit(session, caller, Pair(item_key, unit_key, group), item.item_id)
    return apply(session, caller, item, found, own, change, options)


def delete_item_unit(session: Session, caller: Caller, item_unit_id: int, options: Options) -> None:
    """Delete an item-unit; raises ``ItemUnitNotFound`` (404), ``PreconditionFailed`` (412).

    Source: CONTRACT 7 and 8.
    """
    seen = get_item_unit(session, caller, item_unit_id)
    find_item(session, caller, Key(seen.item_id, id=seen.item_id), lock=True)
    own = get_item_unit(session, caller, item_unit_id)
    if not is_met(options.if_match, entity_tag(own.id, own.version)):
        raise PreconditionFailed()
    session.execute(
        delete(TABLE).where(TABLE.c.organization_id == caller.organization_id, TABLE.c.id == own.id)
    )


def apply(
    session: Session,
    caller: Caller,
    item: AnyRow,
    found: AnyRow,
    own: AnyRow,
    change: Change,
    options: Options,
) -> Written:
    """Decide what ``change`` does to the item-unit ``own``, write it and show it.

    ``found`` is the unit that it is to have, with that pair's item-unit (``own`` itself, unless it
    moves) and the item's default unit.
    """
    decision = decide(change, stored_from(item, found, own), options)
    if isinstance(decision, ApiError):
        raise decision
    row = {
        "item_id": item.item_id,
        "item_reference": item.item_reference,
        "item_name": item.item_name,
        "unit_id": found.unit_id,
        "unit_reference": found.unit_reference,
        "unit_name": found.unit_name,
        **decision.attributes,
        **write(session, caller, item.item_id, found.unit_id, own, decision, utcnow()),
    }
    shown = dump_item_unit(row, caller.organization)
    return Written(decision.action, row["id"], row["version"], shown)


def stored_from(item: AnyRow, found: AnyRow, own: AnyRow) -> Stored:
    """Answer what the rules need to know of the rows that were found."""
    columns = own._mapping
    is_moved = own is not found and (own.item_id, own.unit_id) != (item.item_id, found.unit_id)
    return Stored(
        id=own.id,
        attributes=None if own.id is None else {name: columns[name] for name in ON_INSERT},
        version=own.version or 0,
        default_id=found.default_id,
        default_usable=bool(found.default_usable),
        moves=is_moved,
        taken=is_moved and found.id is not None,
    )


def write(
    session: Session,
    caller: Caller,
    item_id: int,
    unit_id: int,
    own: AnyRow,
    decision: Decision,
    now: datetime,
) -> dict[str, Any]:
    """Write the decision; answers id, version and times of the item-unit as it now stands."""
    if decision.action == "unchanged":
        return {name: own._mapping[name] for name in ("id", "version", "created_at", "updated_at")}
    mine = TABLE.c.organization_id == caller.organization_id
    if decision.demote is not None:
        session.execute(
            update(TABLE)
            .where(mine, TABLE.c.id == decision.demote)
            .values(is_default=False, version=TABLE.c.version + 1, updated_at=now)
        )
    pair = {"item_id": item_id, "unit_id": unit_id, **decision.attributes}
    if decision.action == "updated":
        changed = {"version": own.version + 1, "updated_at": now}
        session.execute(update(TABLE).where(mine, TABLE.c.id == own.id).values(pair | changed))
        return {"id": own.id, "created_at": own.created_at, **changed}
    new = {"version": 1, "created_at": now, "updated_at": now}
    tenant = {"organization_id": caller.organization_id}
    inserted = insert(TABLE).values(pair | new | tenant).returning(TABLE.c.id)
    return {"id": session.execute(inserted).scalar_one(), **new}
