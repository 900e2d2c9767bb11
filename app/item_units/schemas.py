"""What may be sent to the item-unit routes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from app.accounts.service import GroupKey
from app.db import MAX_ID
from app.errors import ApiError
from app.fastload import FastLoader
from app.fields import (
    Barcode,
    Choice,
    IsoDate,
    Reference,
    StrictBoolean,
    StrictInteger,
    StrictNumber,
    StrictSchema,
)
from app.item_units.errors import DateValidationError
from app.item_units.planning import ManyRow
from app.item_units.rules import Change
from app.items.errors import InvalidParamType, JsonParsingError, MissingParam
from app.items.schemas import (
    UNKNOWN_FIELD,
    first_fault,
    must_be,
    refuse_param,
)
from app.query import Flag, OffsetQuery, QueryId, QuerySchema, UtcTime, about, load_query
from app.texts import clean_text, usable_reference

MAX_INTEGER = 2**31 - 1
MAX_DOUBLE = 10**12
NULL_IS_ABSENT = ("quantity", "salesQuantity", "isDefault", "defaultDisplay", "unpacking")


class ItemUnitSchema(StrictSchema):
    """The body of an item-unit, in the order in which its faults are told. Source: S2, CONTRACT 6.

    ``quantity`` is required by ``rules.decide``, which knows when that error has its turn.
    """

    error_messages = {"unknown": UNKNOWN_FIELD}

    quantity = StrictInteger(1, MAX_INTEGER, error_messages=must_be("Positive Integer"))
    sales_quantity = StrictInteger(
        1, MAX_INTEGER, data_key="salesQuantity", error_messages=must_be("Positive Integer")
    )
    volume = StrictNumber(
        0, MAX_DOUBLE, above=True, allow_none=True, error_messages=must_be("Positive Double")
    )
    weight = StrictNumber(
        0, MAX_DOUBLE, above=True, allow_none=True, error_messages=must_be("Positive Double")
    )
    barcode = Barcode(error_messages=must_be("String"))
    expiration_date = IsoDate(data_key="expirationDate", allow_none=True)
    is_default = StrictBoolean(data_key="isDefault", error_messages=must_be("Boolean"))
    default_display = StrictBoolean(data_key="defaultDisplay", error_messages=must_be("Boolean"))
    unpacking = StrictBoolean(error_messages=must_be("Boolean"))


class GroupQuery(QuerySchema):
    """The query of a route that names a unit by its reference. Source: CONTRACT 6."""

    group_id = QueryId(metadata=about("The unit's group, where several know its reference."))
    group_external_ref = Reference(metadata=about("The same by the group's external reference."))


class UpsertQuery(GroupQuery):
    """The query of a route that writes item-units. Source: CONTRACT 6."""

    default = Choice(
        "transfer",
        metadata=about("With `isDefault: true`: take the default from the unit that has it."),
    )


class ListQuery(OffsetQuery):
    """The query of ``GET /itemUnits``. Source: CONTRACT 7."""

    itemReference = Reference(metadata=about("Only of this item."))  # noqa: N815 - its own name
    unitReference = Reference(metadata=about("Only in units with this reference."))  # noqa: N815
    isDefault = Flag(metadata=about("Only (no) default units."))  # noqa: N815
    lastUpdated_gte = UtcTime(metadata=about("Only changed at this time or later."))  # noqa: N815


item_unit_loader = FastLoader(ItemUnitSchema())
FAULT_ORDER = (
    "itemId",
    "unitId",
    *(field.data_key or name for name, field in item_unit_loader.schema.fields.items()),
)


@dataclass(frozen=True, slots=True)
class Key:
    """How a client names an item or unit: by id or by reference; ``named`` is what it wrote."""

    named: object
    id: int | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """The item and the unit of an item-unit, and the group that the unit is looked for in."""

    item: Key
    unit: Key
    group: GroupKey


def key_in_path(reference: str) -> Key:
    """Answer the key that a path names; one that can be nobody's reference names nothing."""
    wanted = usable_reference(reference)
    return Key(reference, reference="" if reference in (".", "..") else wanted)


def load_pair(body: dict[str, Any], group: GroupKey) -> Pair:
    """Answer the item and the unit that ``body`` must name, and take them out of it.

    Raises as ``load_move`` does, and ``MissingParam`` (400). Source: CONTRACT 7.
    """
    item, unit = load_move(body)
    if item is None or unit is None:
        raise MissingParam("itemId" if item is None else "unitId")
    return Pair(item, unit, group)


def load_move(body: dict[str, Any]) -> tuple[Key | None, Key | None]:
    """Answer the item and the unit that ``body`` may name, and take them out of it.

    They are ids, or references with ``useExternalId: true``. Raises ``InvalidParamType`` (400).
    Source: CONTRACT 6 ("move onto a taken pair") and 7.
    """
    external = body.pop("useExternalId", None) or False
    if not isinstance(external, bool):
        raise InvalidParamType("useExternalId", "must be Boolean")
    item, unit = body.pop("itemId", None), body.pop("unitId", None)
    return (
        load_key("itemId", item, external=external),
        load_key("unitId", unit, external=external),
    )


def load_key(name: str, value: Any, *, external: bool) -> Key | None:
    """Answer the key in a body, None where there is none."""
    if value is None:
        return None
    if external:
        if not isinstance(value, str):
            raise InvalidParamType(name, "must be String")
        return Key(value, reference=usable_reference(value))
    if type(value) is not int or value < 1:
        raise InvalidParamType(name, "must be Positive Integer")
    return Key(value, id=min(value, MAX_ID))


def load_change(
    body: Mapping[str, Any], item: str | None = None, unit: str | None = None
) -> Change:
    """Answer what ``body`` asks for; its first fault is kept until it has its turn.

    ``item`` and ``unit`` are the references of the path, which the body may repeat.
    """
    sent = {k: v for k, v in body.items() if v is not None or k not in NULL_IS_ABSENT}
    in_path = {"itemId": item, "unitId": unit} if item is not None else {}
    repeated = {name: sent.pop(name) for name in in_path if name in sent}
    messages: dict[str, Any] = {
        name: ["must be equal to the path"]
        for name, value in repeated.items()
        if value is not None and not (isinstance(value, str) and clean_text(value) == in_path[name])
    }
    values: dict[str, Any] = {}
    try:
        values = item_unit_loader.load(sent)
    except ValidationError as error:
        messages.update(error.normalized_messages())  # type: ignore[no-untyped-call]
    fault = _find_fault(messages)
    return Change(values, "quantity" in sent, "isDefault" in sent, fault)


def _find_fault(messages: Mapping[str, Any]) -> ApiError | None:
    """Answer the fault to tell: unknown fields, then types in the table's order, then the date."""
    others = {name: texts for name, texts in messages.items() if name != "expirationDate"}
    if others:
        return first_fault(others, FAULT_ORDER)
    return DateValidationError() if messages else None


def load_many_row(row: Any) -> ManyRow | ApiError:
    """Answer a row of a request for many, or why it fails before anything is looked up."""
    if not isinstance(row, dict):
        return JsonParsingError()
    rest = dict(row)
    named = {name: rest.pop(name, None) for name in ("itemId", "unitId")}
    for name, value in named.items():
        if value is None:
            return MissingParam(name)
        if not isinstance(value, str):
            return InvalidParamType(name, "must be String")
    item, unit = (usable_reference(value) for value in named.values())
    return ManyRow(item, unit, load_change(rest), named)


def load_upsert_query(query: Iterable[tuple[str, str]]) -> tuple[GroupKey, bool]:
    """Answer the group that the query names, if any, and whether the default may be transferred.

    Raises ``UnknownParam`` and ``InvalidParamType`` (400).
    """
    given = load_query(UpsertQuery(), query, refuse_param)
    group = GroupKey(given.get("group_id"), given.get("group_external_ref"))
    return group, given.get("default") is not None


def load_group_query(query: Iterable[tuple[str, str]]) -> GroupKey:
    """Answer the group that the query names, if any; raises as ``load_upsert_query`` does."""
    given = load_query(GroupQuery(), query, refuse_param)
    return GroupKey(given.get("group_id"), given.get("group_external_ref"))
