"""What may be sent to the item-unit routes, and how an item-unit is shown."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from marshmallow import ValidationError

from app.accounts.service import GroupKey
from app.db import MAX_ID
from app.errors import API, ApiError
from app.fields import (
    Barcode,
    IsoDate,
    StrictBoolean,
    StrictInteger,
    StrictNumber,
    StrictSchema,
    clean_text,
)
from app.item_units.errors import DateValidationError, InvalidParamType, UnknownParam
from app.item_units.rules import Change, Options

MAX_INTEGER = 2**31 - 1
MAX_DOUBLE = 10**12
NULL_IS_ABSENT = ("quantity", "salesQuantity", "isDefault", "defaultDisplay", "unpacking")
UNKNOWN = "unknown field"


def _must_be(expected: str) -> dict[str, Any]:
    kinds = ("invalid", "range", "control", "long", "null")
    return dict.fromkeys(kinds, f"must be {expected}")


class ItemUnitSchema(StrictSchema):
    """The body of an item-unit, in the order in which its faults are told. Source: S2, CONTRACT 6.

    ``quantity`` is required by ``rules.decide``, which knows when that error has its turn.
    """

    error_messages = {"unknown": UNKNOWN}

    quantity = StrictInteger(1, MAX_INTEGER, error_messages=_must_be("Positive Integer"))
    sales_quantity = StrictInteger(
        1, MAX_INTEGER, data_key="salesQuantity", error_messages=_must_be("Positive Integer")
    )
    volume = StrictNumber(
        0, MAX_DOUBLE, above=True, allow_none=True, error_messages=_must_be("Positive Double")
    )
    weight = StrictNumber(
        0, MAX_DOUBLE, above=True, allow_none=True, error_messages=_must_be("Positive Double")
    )
    barcode = Barcode(error_messages=_must_be("String"))
    is_default = StrictBoolean(data_key="isDefault", error_messages=_must_be("Boolean"))
    default_display = StrictBoolean(data_key="defaultDisplay", error_messages=_must_be("Boolean"))
    unpacking = StrictBoolean(error_messages=_must_be("Boolean"))
    expiration_date = IsoDate(data_key="expirationDate", allow_none=True)


item_unit_schema = ItemUnitSchema()
SHOWN_AS = {name: field.data_key or name for name, field in item_unit_schema.fields.items()}


def load_change(body: Mapping[str, Any], item_reference: str, unit_reference: str) -> Change:
    """Answer what ``body`` asks for; its first fault is kept until it has its turn."""
    sent = {k: v for k, v in body.items() if v is not None or k not in NULL_IS_ABSENT}
    in_path = {"itemId": item_reference, "unitId": unit_reference}
    named = {name: sent.pop(name) for name in in_path if name in sent}
    fault: ApiError | None = None
    try:
        values: dict[str, Any] = item_unit_schema.load(sent)
    except ValidationError as error:
        values, messages = {}, cast("dict[str, Any]", error.messages)
    else:
        messages = {}
    for name, value in named.items():
        if value is not None and not (
            isinstance(value, str) and clean_text(value) == in_path[name]
        ):
            messages = {name: ["must be equal to the path"], **messages}
    fault = first_fault(messages)
    return Change(values, "quantity" in sent, "isDefault" in sent, fault)


def first_fault(messages: Mapping[str, Any]) -> ApiError | None:
    """Answer the fault to tell: unknown fields, then types in the table's order, then the date."""
    for name, texts in messages.items():
        if texts == [UNKNOWN]:
            return UnknownParam(name)
    for name in ("itemId", "unitId", *SHOWN_AS.values()):
        if name in messages and name != "expirationDate":
            return InvalidParamType(name, messages[name][0])
    return DateValidationError() if "expirationDate" in messages else None


def load_query(query: Iterable[tuple[str, str]], if_none_match: str) -> tuple[GroupKey, Options]:
    """Answer the group that the query names, if any, and how the client wants the upsert.

    Raises ``UnknownParam`` and ``InvalidParamType`` (400). Ours, docs/decisions.md.
    """
    given: dict[str, str] = {}
    for name, value in query:
        if name not in ("group_id", "group_external_ref", "default"):
            raise UnknownParam(name)
        if name in given:
            raise InvalidParamType(name, "must be given once")
        given[name] = value
    if given.get("default", "transfer") != "transfer":
        raise InvalidParamType("default", "must be transfer")
    options = Options(create_only=if_none_match.strip() == "*", transfer="default" in given)
    return GroupKey(
        _group_id(given), clean_text(given.get("group_external_ref", "")) or None
    ), options


def _group_id(given: Mapping[str, str]) -> int | None:
    value = given.get("group_id", "")
    if not value:
        return None
    if not (value.isascii() and value.isdigit()):
        raise InvalidParamType("group_id", "must be Positive Integer")
    return min(int(value[:30]), MAX_ID)


def dump_item_unit(row: Mapping[Any, Any], organization: str) -> dict[str, Any]:
    """Answer an item-unit as S2 shows it; ``row`` names its columns as the models do."""
    return {
        "id": row["id"],
        "itemReference": row["item_reference"],
        "unitReference": row["unit_reference"],
        "item": {
            "id": row["item_id"],
            "reference": row["item_reference"],
            "name": row["item_name"],
            "href": f"{API}/items/{row['item_id']}",
        },
        "unit": {
            "id": row["unit_id"],
            "reference": row["unit_reference"],
            "name": row["unit_name"],
            "href": f"{API}/units/{row['unit_id']}",
        },
        "quantity": row["quantity"],
        "unpacking": row["unpacking"],
        "salesQuantity": row["sales_quantity"],
        "volume": row["volume"],
        "weight": row["weight"],
        "barcode": row["barcode"],
        "expirationDate": row["expiration_date"],
        "isDefault": row["is_default"],
        "defaultDisplay": row["default_display"],
        "organization": organization,
        "dateCreated": row["created_at"],
        "lastUpdated": row["updated_at"],
    }
