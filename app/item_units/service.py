"""Writing single item-units: the item locked, one look-up, a decision, one write."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app import bulk
from app.accounts.auth import Caller
from app.accounts.service import GroupKey
from app.db import AnyRow, utcnow
from app.errors import ApiError
from app.item_units.answers import dump_item_unit
from app.item_units.errors import ItemUnitNotFound, PreconditionFailed
from app.item_units.pairs import find_pair
from app.item_units.queries import TABLE, find_item, get_item_unit
from app.item_units.rules import ON_INSERT, Change, Decision, Options, Stored, decide
from app.item_units.schemas import Key, Pair
from app.tags import entity_tag, is_met

SHOWN_OF_PAIR = ("item_id", "item_reference", "item_name", "unit_id", "unit_reference", "unit_name")

# Made once: making a statement costs more than running it.
UPDATE = update(TABLE).where(
    TABLE.c.organization_id == bindparam("own_organization_id"),
    TABLE.c.id == bindparam("own_id"),
    TABLE.c.version == bindparam("own_version"),
)
INSERT_SQLITE = sqlite.insert(TABLE).on_conflict_do_nothing().returning(TABLE.c.id)
INSERT_POSTGRESQL = postgresql.insert(TABLE).on_conflict_do_nothing().returning(TABLE.c.id)


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
    found = find_pair(session, caller, pair, lock=True)
    if found.id is None and options.update_only:
        raise ItemUnitNotFound(f"{pair.item.named}/{pair.unit.named}")
    done = apply(session, caller, found, found, change, options)
    if done is None:
        # Somebody changed it while this waited for the lock. The lock is held now: look again.
        return upsert_item_unit(session, caller, pair, change, options)
    return done


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
    unit_key = moved_to[1] or Key(own.unit_id, id=own.unit_id)
    if moved_to[0] is None:
        item_key = Key(own.item_id, id=own.item_id)
    found = find_pair(session, caller, Pair(item_key, unit_key, group))
    done = apply(session, caller, found, own, change, options)
    assert done is not None, "nobody else writes under the lock"  # noqa: S101
    return done


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
    session: Session, caller: Caller, found: AnyRow, own: AnyRow, change: Change, options: Options
) -> Written | None:
    """Decide what ``change`` does to the item-unit ``own``, write it and show it.

    ``found`` is the item and unit that it is to have, with that pair's item-unit (``own`` itself, unless
    it moves) and the item's default unit. Answers None where the database no longer is as it was found.
    """
    decision = decide(change, stored_from(found, own), options)
    if isinstance(decision, ApiError):
        raise decision
    written = write(session, caller, found, own, decision, utcnow())
    if written is None:
        return None
    pair = {name: found._mapping[name] for name in SHOWN_OF_PAIR}
    row = {**pair, **decision.attributes, **written}
    shown = dump_item_unit(row, caller.organization)
    return Written(decision.action, row["id"], row["version"], shown)


def stored_from(found: AnyRow, own: AnyRow) -> Stored:
    """Answer what the rules need to know of the rows that were found."""
    columns = own._mapping
    is_moved = own is not found and (own.item_id, own.unit_id) != (found.item_id, found.unit_id)
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
    found: AnyRow,
    own: AnyRow,
    decision: Decision,
    now: datetime,
) -> dict[str, Any] | None:
    """Write the decision; answers id, version and times of the item-unit as it now stands.

    Each write takes effect only on the versions that the decision was made of; None tells that one of
    them was gone. Nothing that was already written then matters: a demoted default stays this one's.
    """
    if decision.action == "unchanged":
        return {name: own._mapping[name] for name in ("id", "version", "created_at", "updated_at")}
    if decision.demote is not None:
        demoted = {"is_default": False, "version": found.default_version + 1, "updated_at": now}
        if not update_version(session, caller, decision.demote, found.default_version, demoted):
            return None
    pair = {"item_id": found.item_id, "unit_id": found.unit_id, **decision.attributes}
    if decision.action == "updated":
        changed = {"version": own.version + 1, "updated_at": now}
        done = update_version(session, caller, own.id, own.version, pair | changed)
        return {"id": own.id, "created_at": own.created_at, **changed} if done else None
    return insert_new(session, caller, pair, now)


def update_version(
    session: Session, caller: Caller, item_unit_id: int, version: int, values: dict[str, Any]
) -> bool:
    """Set ``values`` on the item-unit if it still has this version; tells whether it had."""
    which = {
        "own_organization_id": caller.organization_id,
        "own_id": item_unit_id,
        "own_version": version,
    }
    return cast("CursorResult[Any]", session.execute(UPDATE, values | which)).rowcount == 1


def insert_new(
    session: Session, caller: Caller, pair: dict[str, Any], now: datetime
) -> dict[str, Any] | None:
    """Insert an item-unit; None where the pair or the default is taken meanwhile."""
    new = {"version": 1, "created_at": now, "updated_at": now}
    values = pair | new | {"organization_id": caller.organization_id}
    insert = INSERT_SQLITE if bulk.is_sqlite(session) else INSERT_POSTGRESQL
    new_id = session.execute(insert, values).scalar_one_or_none()
    return None if new_id is None else {"id": new_id, **new}
