"""Upserting, finding and listing items."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from app import bulk
from app.accounts.auth import Caller
from app.db import MAX_ID, utcnow
from app.errors import ApiError
from app.items.errors import ItemNotFound
from app.items.models import Item
from app.items.rules import ItemStep, NamedItem, StoredItem, take
from app.query import count_rows, offset_page

TABLE: Table = Item.__table__  # type: ignore[assignment]
COLUMNS = [TABLE.c[name] for name in ("id", "reference", "name", "created_at", "updated_at")]
"""What is read of an item, in the order of ``StoredItem``."""


def upsert_items(
    session: Session, caller: Caller, rows: Sequence[NamedItem | ApiError]
) -> list[ItemStep | ApiError]:
    """Create or rename items; answers what each row did, or its error, in order.

    Rows are taken as if each had been posted alone. Two requests that create one item at once meet at
    the unique index, and the later of them runs again. Source: CONTRACT 7.
    """
    references = [row.reference for row in rows if isinstance(row, NamedItem)]
    stored = load_items(session, caller, references)
    known, now = dict(stored), utcnow()
    steps = [row if isinstance(row, ApiError) else take(known, row, now) for row in rows]
    ids = write(session, caller, stored, known)
    return [
        step
        if isinstance(step, ApiError)
        else replace(step, item=replace(step.item, id=ids[step.item.reference]))
        for step in steps
    ]


def upsert_item(session: Session, caller: Caller, wanted: NamedItem) -> ItemStep:
    """Create or rename one item. Source: CONTRACT 7."""
    (step,) = upsert_items(session, caller, [wanted])
    if isinstance(step, ApiError):
        raise step
    return step


def load_items(
    session: Session, caller: Caller, references: Sequence[str]
) -> dict[str, StoredItem]:
    """Answer the stored items with these references, by reference."""
    found = session.execute(
        select(*COLUMNS).where(
            TABLE.c.organization_id == caller.organization_id,
            bulk.is_one_of(session, TABLE.c.reference, references),
        )
    )
    return {row.reference: StoredItem(*row) for row in found}


def write(
    session: Session,
    caller: Caller,
    stored: Mapping[str, StoredItem],
    known: Mapping[str, StoredItem],
) -> dict[str, int | None]:
    """Write what became of the ``stored`` items; answers the id of each by reference.

    New ones go in sorted, so that two requests with the same new items cannot wait for each other.
    """
    new = sorted(set(known) - set(stored))
    ids = dict(zip(new, bulk.reserve_ids(session, TABLE, len(new)), strict=True))
    changed = [known[name] for name, item in stored.items() if known[name] is not item]
    bulk.update_rows(
        session,
        TABLE,
        caller.organization_id,
        [{"id": i.id, "name": i.name, "updated_at": i.updated_at} for i in changed],
    )
    bulk.insert_rows(
        session,
        TABLE,
        caller.organization_id,
        [
            {
                "id": ids[name],
                "reference": name,
                "name": known[name].name,
                "created_at": known[name].created_at,
                "updated_at": known[name].updated_at,
            }
            for name in new
        ],
    )
    return {name: item.id for name, item in stored.items()} | ids


def get_item(session: Session, caller: Caller, item_id: int) -> StoredItem:
    """Answer the item with this id; raises ``ItemNotFound`` (404). Source: CONTRACT 7."""
    found = session.execute(
        select(*COLUMNS).where(
            TABLE.c.organization_id == caller.organization_id, TABLE.c.id == min(item_id, MAX_ID)
        )
    ).one_or_none()
    if found is None:
        raise ItemNotFound(item_id)
    return StoredItem(*found)


def list_items(
    session: Session, caller: Caller, wanted: Mapping[str, Any]
) -> tuple[int, list[StoredItem]]:
    """Answer how many items there are, and a page of them in order of id.

    ``wanted`` has ``max`` and ``offset`` and may have ``reference``. Source: CONTRACT 7.
    """
    ids = select(TABLE.c.id).where(TABLE.c.organization_id == caller.organization_id)
    if wanted.get("reference") is not None:
        ids = ids.where(TABLE.c.reference == wanted["reference"])
    total = count_rows(session, ids)
    page = offset_page(ids, total, wanted).subquery()
    rows = session.execute(
        select(*COLUMNS)
        .join(page, page.c.id == TABLE.c.id)
        .where(TABLE.c.organization_id == caller.organization_id)
        .order_by(TABLE.c.id)
    )
    return total, [StoredItem(*row) for row in rows]
