"""What an upsert does to an item-unit, or why it may not. Pure: no database, no Flask."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import ApiError
from app.item_units.barcodes import expiration_date
from app.item_units.errors import (
    AlreadyAssigned,
    IsDefaultError,
    PreconditionFailed,
    RefusedValue,
)
from app.items.errors import MissingParam
from app.tags import entity_tag, is_met

Attributes = Mapping[str, Any]

ON_INSERT: Attributes = {
    "quantity": None,
    "unpacking": False,
    "sales_quantity": 1,
    "volume": None,
    "weight": None,
    "barcode": None,
    "expiration_date": None,
    "is_default": False,
    "default_display": False,
}
"""Every attribute of an item-unit and its value where nothing was sent. Source: CONTRACT 6."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a client sent: the valid values, the required ones it left out, the first fault."""

    values: Attributes
    has_quantity: bool
    has_is_default: bool
    fault: ApiError | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How the client wants it.

    ``create_only`` refuses an update, ``update_only`` a creation; ``transfer`` moves the default from
    another unit; ``if_match`` names the states (``tags.is_met``) in which the item-unit may be changed.
    """

    create_only: bool = False
    update_only: bool = False
    transfer: bool = False
    if_match: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database holds: the item-unit (``id`` None: there is none), the item's default unit.

    ``default_usable`` tells whether the client may use the group of the default's unit; ``moves`` that
    the item-unit gets another item or unit, ``taken`` that another item-unit has that pair.
    """

    id: int | None = None
    attributes: Attributes | None = None
    version: int = 0
    default_id: int | None = None
    default_usable: bool = True
    moves: bool = False
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write: ``action`` is created, updated or unchanged; ``demote`` an old default's id."""

    action: str
    attributes: Attributes
    demote: int | None = None


def decide(change: Change, stored: Stored, options: Options) -> Decision | ApiError:
    """Answer what the change does, or the first reason against it in the order of CONTRACT 6."""
    if not change.has_quantity:
        return MissingParam("quantity")
    if stored.default_id is None and not change.has_is_default:
        return MissingParam("isDefault")
    if change.fault:
        return change.fault
    attributes = merge(change.values, stored.attributes or ON_INSERT)
    takes_default = attributes["is_default"] and stored.default_id not in (None, stored.id)
    if refusal := refuse(attributes, stored, options, takes_default=takes_default):
        return refusal
    if attributes == stored.attributes and not stored.moves:
        return Decision("unchanged", attributes)
    action = "created" if stored.id is None else "updated"
    return Decision(action, attributes, stored.default_id if takes_default else None)


def refuse(
    attributes: Attributes, stored: Stored, options: Options, *, takes_default: bool
) -> ApiError | None:
    """Answer why the item-unit may not become ``attributes``, or None if it may."""
    if attributes["sales_quantity"] != 1 and not attributes["unpacking"]:
        return RefusedValue()
    if takes_default and not (options.transfer and stored.default_usable):
        return IsDefaultError()
    tag = None if stored.id is None else entity_tag(stored.id, stored.version)
    if not is_met(options.if_match, tag):
        return PreconditionFailed()
    if stored.taken or (stored.id is not None and options.create_only):
        return AlreadyAssigned()
    return None


def merge(values: Attributes, before: Attributes) -> dict[str, Any]:
    """Lay ``values`` over ``before``; a barcode sent without a date brings its own, if it has one."""
    merged = {**before, **values}
    if values.get("barcode") and "expiration_date" not in values:
        merged["expiration_date"] = expiration_date(values["barcode"]) or before["expiration_date"]
    return merged
