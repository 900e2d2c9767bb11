"""What an upsert does to an item. Pure: no database, no Flask."""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NamedItem:
    """An item as a client sends it, clean."""

    reference: str
    name: str


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as it stands; ``id`` is None until it is written."""

    id: int | None
    reference: str
    name: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ItemStep:
    """What a row did, and the item as it stood right after."""

    action: str
    item: StoredItem


def take(known: dict[str, StoredItem], row: NamedItem, now: datetime) -> ItemStep:
    """Answer what ``row`` does to the ``known`` items, and do it there."""
    before = known.get(row.reference)
    if before is None:
        known[row.reference] = StoredItem(None, row.reference, row.name, now, now)
        return ItemStep("created", known[row.reference])
    if before.name == row.name:
        return ItemStep("unchanged", before)
    known[row.reference] = replace(before, name=row.name, updated_at=now)
    return ItemStep("updated", known[row.reference])
