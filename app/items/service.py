"""Finding items."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Caller
from app.db import MAX_ID
from app.items.errors import ItemNotFound
from app.items.models import Item


def get_item(session: Session, caller: Caller, item_id: int) -> dict[str, Any]:
    """Answer the item with this id; raises ``ItemNotFound`` (404). Source: CONTRACT 7."""
    found = session.execute(
        select(Item.id, Item.reference, Item.name, Item.created_at, Item.updated_at).where(
            Item.organization_id == caller.organization_id, Item.id == min(item_id, MAX_ID)
        )
    ).one_or_none()
    if found is None:
        raise ItemNotFound(item_id)
    return {
        "id": found.id,
        "reference": found.reference,
        "name": found.name,
        "organization": caller.organization,
        "dateCreated": found.created_at,
        "lastUpdated": found.updated_at,
    }
