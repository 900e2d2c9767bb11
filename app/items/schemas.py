"""What may be sent to the items routes."""

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from app.errors import ApiError
from app.fields import Reference, StrictSchema, Text
from app.items.errors import (
    InvalidParamType,
    ItemNotFound,
    JsonParsingError,
    MissingParam,
    TooManyRows,
    UnknownParam,
)
from app.items.rules import NamedItem
from app.query import UNKNOWN, OffsetQuery, about
from app.texts import usable_reference

UNKNOWN_FIELD = "unknown field"


def must_be(expected: str) -> dict[str, Any]:
    """Answer a field's messages in S2's words: whatever is wrong, say what it must be."""
    kinds = ("invalid", "range", "control", "long", "null", "noncharacter", "marks", "invisible")
    return dict.fromkeys(kinds, f"must be {expected}")


class ItemSchema(StrictSchema):
    """The body of ``POST /items/reference/{reference}``. Source: CONTRACT 7."""

    error_messages = {"unknown": UNKNOWN_FIELD}

    name = Text(error_messages=must_be("String"))


class ItemRowSchema(ItemSchema):
    """A row of ``POST /items/multiple``. Source: CONTRACT 7."""

    class Meta:
        fields = ("reference", "name")

    reference = Reference(error_messages=must_be("String"))


class ItemsQuery(OffsetQuery):
    """The query of ``GET /items``. Source: CONTRACT 7."""

    reference = Reference(metadata=about("Only with this reference."))


item_schema = ItemSchema()
item_row_schema = ItemRowSchema()


def refuse_param(name: str, fault: str) -> ApiError:
    """Answer what the item-units envelope says of a wrong query parameter."""
    return UnknownParam(name) if fault == UNKNOWN else InvalidParamType(name, fault)


def load_required(schema: Schema, body: Mapping[str, Any]) -> dict[str, str]:
    """Answer the texts of ``schema``, all required; raises missing, unknown, type: the first only."""
    missing = [name for name in schema.fields if body.get(name) in (None, "")]
    if missing:
        raise MissingParam(missing[0])
    try:
        texts: dict[str, Any] = schema.load(body)
    except ValidationError as error:
        raise first_fault(error.messages, schema.fields) from None
    blank = [name for name in schema.fields if texts[name] is None]
    if blank:
        raise MissingParam(blank[0])
    return texts


def first_fault(messages: Any, order: Iterable[str]) -> ApiError:
    """Answer the fault to tell: an unknown field first, then types in ``order``."""
    for name, texts in messages.items():
        if texts == [UNKNOWN_FIELD]:
            return UnknownParam(name)
    name = next(name for name in order if name in messages)
    return InvalidParamType(name, messages[name][0])


def load_name(body: Mapping[str, Any]) -> str:
    """Answer the name in the body of an item; raises as ``load_required`` does."""
    return load_required(item_schema, body)["name"]


def load_named_item(row: Any) -> NamedItem | ApiError:
    """Answer the item in a row of a request for many, or why the row fails."""
    if not isinstance(row, dict):
        return JsonParsingError()
    try:
        return NamedItem(**load_required(item_row_schema, row))
    except ApiError as error:
        return error


def load_reference(reference: str) -> str:
    """Answer a reference from a path as it is stored; raises ``ItemNotFound`` for an unclean one."""
    wanted = usable_reference(reference)
    if reference in (".", "..") or not wanted:
        raise ItemNotFound(reference)
    return wanted


def load_rows(body: Mapping[str, Any], name: str, max_rows: int) -> list[Any]:
    """Answer the array ``name`` of a request for many; raises what is wrong with the envelope."""
    if body.get(name) is None:
        raise MissingParam(name)
    for other in body:
        if other != name:
            raise UnknownParam(other)
    rows = body[name]
    if not isinstance(rows, list):
        raise InvalidParamType(name, "must be Array")
    if len(rows) > max_rows:
        raise TooManyRows(f"A request may have at most {max_rows} rows.")
    return rows
