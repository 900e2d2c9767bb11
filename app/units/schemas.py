"""What may be sent to the units routes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson
from marshmallow import ValidationError, fields, validate
from msgspec import Raw

from app.fastload import FastLoader
from app.fields import (
    PLAIN_TEXT,
    Reference,
    StrictBoolean,
    StrictInteger,
    StrictNumber,
    StrictSchema,
    Text,
)
from app.texts import LONGEST_NAME, tell
from app.units.matching import Reject

MAX_FAULTS = 100
MAX_TOLD = 10_000
"""Bytes of paths and texts that the faults of one row may have."""


class AddressLine(Text):
    """The line that makes an address: it must have a letter or a digit."""

    plain = rf"(?=.*[0-9A-Za-z]){PLAIN_TEXT}"
    default_error_messages = {
        "null": "is required",
        "blank": "must have at least one letter or digit",
    }

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None:
            raise self.make_error("null")
        if not any(character.isalnum() for character in text):
            raise self.make_error("blank")
        return text


class BathroomSchema(StrictSchema):
    """A bathroom: three booleans, null where absent."""

    has_shower_or_bath = StrictBoolean(allow_none=True)
    has_sink = StrictBoolean(allow_none=True)
    has_toilet = StrictBoolean(allow_none=True)


class AddressSchema(StrictSchema):
    """An address; it replaces the stored one whole."""

    building_name = Text()
    address_line_1 = AddressLine(required=True)
    address_line_2 = Text()
    city = Text()
    state = Text()
    postal_code = Text()
    country = Text()
    latitude = StrictNumber(-90, 90, allow_none=True)
    longitude = StrictNumber(-180, 180, allow_none=True)


class UnitSchema(StrictSchema):
    """A row of ``POST /units/multiple``: every field optional, absent means *leave it*.

    Source: CONTRACT 4.1.
    """

    identifier = Reference()
    external_ref = Reference()
    name = Text()
    unit_number = Text()
    number_of_bedrooms = StrictInteger(0, 1000, allow_none=True)
    number_of_bathrooms = StrictNumber(0, 10**9, allow_none=True)
    sqft = StrictNumber(0, 10**9, allow_none=True)
    has_flex_wall = StrictBoolean(allow_none=True)
    bathrooms = fields.List(
        fields.Nested(BathroomSchema),
        allow_none=True,
        validate=validate.Length(max=100, error="must have at most 100 entries"),
        error_messages={"invalid": "must be an array"},
    )
    address = fields.Nested(AddressSchema, allow_none=True)


unit_loader = FastLoader(UnitSchema())


def load_row(row: Any, max_faults: int = MAX_FAULTS) -> dict[str, Any] | Reject:
    """Answer the attributes of a row, or a ``Reject`` with its faults, each under its path."""
    try:
        attributes: dict[str, Any] = unit_loader.load(row)
    except ValidationError as error:
        return reject_invalid(error, max_faults)
    return attributes


def load_texts(
    texts: Sequence[bytes | Raw], load_with_care: Callable[[bytes], dict[str, Any] | Reject]
) -> list[dict[str, Any] | Reject]:
    """Answer the attributes in each text of JSON; ``load_with_care`` is asked where it is not plain."""
    loaded = unit_loader.load_texts(texts)
    return [
        load_with_care(bytes(text)) if row is None else row
        for text, row in zip(texts, loaded, strict=True)
    ]


def reject_invalid(error: ValidationError, max_faults: int) -> Reject:
    """Answer the failed row: its faults, and those of its fields that are themselves valid."""
    messages: Any = error.messages
    valid = error.valid_data if isinstance(error.valid_data, dict) else {}
    faults = dict(flatten(messages, max_faults))
    return Reject(
        "invalid_unit",
        "; ".join(f"{path}: {text}" for path, texts in faults.items() for text in texts),
        {name: value for name, value in valid.items() if name not in messages},
        fields=faults,
    )


def flatten(messages: Mapping[Any, Any], max_faults: int) -> Iterator[tuple[str, list[str]]]:
    """Answer the faults of a row by their path; a row that is no object has them under ``unit``.

    At most ``max_faults`` are told, and names are cut: the answer must not grow with nonsense.
    """
    told = 0
    for path, texts in islice(_walk(messages, ""), max_faults):
        told += len(orjson.dumps(path)) + sum(map(len, texts))
        if told > MAX_TOLD:
            return
        yield path or "unit", texts


def _walk(messages: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, list[str]]]:
    for name, found in messages.items():
        path = (
            prefix
            if name == "_schema"
            else f"{prefix}{'.' * bool(prefix)}{tell(name, LONGEST_NAME)}"
        )
        if isinstance(found, Mapping):
            yield from _walk(found, path)
        else:
            yield path, list(found)
