"""What may be sent to the units routes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from marshmallow import ValidationError, fields, validate

from app.accounts.service import GroupKey
from app.db import MAX_ID
from app.errors import ApiError, InvalidRequest, refuse_parameter
from app.fastload import FastLoader
from app.fields import (
    CONTROL,
    MAX_TEXT,
    PLAIN_TEXT,
    StrictBoolean,
    StrictInteger,
    StrictNumber,
    StrictSchema,
    Text,
    clean_text,
)
from app.query import Cursor, Flag, QueryId, QueryInteger, QuerySchema, UtcTime, load_query
from app.units.errors import BothGroupIdentifiersProvided, NoGroup, TooManyUnits
from app.units.matching import Reject

ENVELOPE_FIELDS = ("group_id", "group_external_ref", "units")
MAX_FAULTS = 100
LONGEST_NAME = 100


class AddressLine(Text):
    """The line that makes an address: it must have a letter or a digit."""

    plain = rf"\A(?=.*[0-9A-Za-z]){PLAIN_TEXT}\Z"
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

    identifier = Text()
    external_ref = Text()
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


class UpsertQuery(QuerySchema):
    """The query of ``POST /units/multiple``. Source: CONTRACT 4.1."""

    dry_run = Flag(load_default=False)
    atomic = Flag(load_default=False)


class ListQuery(QuerySchema):
    """The query of ``GET /units``. Source: CONTRACT 5."""

    group_id = QueryId()
    group_external_ref = Text()
    identifier = Text()
    updated_since = UtcTime()
    limit = QueryInteger(1, 1000, load_default=100)
    cursor = Cursor()


unit_loader = FastLoader(UnitSchema())


@dataclass(frozen=True, slots=True)
class UnitsRequest:
    """A request to create or update units, its envelope checked.

    ``fault`` is what is wrong with ``units`` as a whole: by CONTRACT 4.2 it counts only once the group
    has been found. ``rows`` are attributes, or a ``Reject`` where a row is invalid.
    """

    group: GroupKey
    rows: Sequence[dict[str, Any] | Reject]
    fault: ApiError | None
    dry_run: bool
    atomic: bool


def load_request(
    body: Mapping[str, Any], query: Iterable[tuple[str, str]], max_units: int
) -> UnitsRequest:
    """Answer the request in ``body`` and ``query``, checked in the order of CONTRACT 4.2.

    Raises ``BothGroupIdentifiersProvided``, ``NoGroup``, ``InvalidRequest`` (all 400).
    """
    group = load_group(body.get("group_id"), body.get("group_external_ref"))
    for name in body:
        if name not in ENVELOPE_FIELDS:
            raise InvalidRequest(f"{name[:LONGEST_NAME]}: unknown field")
    flags = load_query(UpsertQuery(), query, refuse_parameter)
    units = body.get("units")
    fault = find_fault(units, max_units)
    rows = [] if fault else [load_row(row) for row in units or []]
    return UnitsRequest(group, rows, fault, **flags)


def load_list(query: Iterable[tuple[str, str]]) -> tuple[GroupKey | None, dict[str, Any]]:
    """Answer the group that a list is limited to, if any, and the other parameters.

    Raises ``InvalidRequest`` and ``BothGroupIdentifiersProvided`` (400).
    """
    wanted = load_query(ListQuery(), query, refuse_parameter)
    keys = wanted.pop("group_id", None), wanted.pop("group_external_ref", None)
    return (None if keys == (None, None) else load_group(*keys)), wanted


def load_group(group_id: Any, external_ref: Any) -> GroupKey:
    """Answer the one group key that is given; ``null`` and ``""`` count as not given."""
    if isinstance(external_ref, str):
        external_ref = clean_text(external_ref)
    has_id, has_ref = group_id not in (None, ""), external_ref not in (None, "")
    if has_id and has_ref:
        raise BothGroupIdentifiersProvided()
    if not has_id and not has_ref:
        raise NoGroup()
    if has_id:
        return GroupKey(id=load_group_id(group_id))
    if not isinstance(external_ref, str):
        raise InvalidRequest("group_external_ref: must be a string")
    if CONTROL.search(external_ref):
        raise InvalidRequest("group_external_ref: must not contain control characters")
    # One that is too long is merely unknown; a little of it is enough to find that out.
    return GroupKey(external_ref=external_ref[: MAX_TEXT + 1])


def load_group_id(value: Any) -> int:
    """Answer a group id sent as an integer, or as the same integer in a string of digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:30])
    if isinstance(value, float) and abs(value) > MAX_ID:
        return MAX_ID + 1  # An integer beyond 64 bit comes as a float: too large is merely unknown.
    if type(value) is not int:
        raise InvalidRequest("group_id: must be an integer")
    return value


def find_fault(units: Any, max_units: int) -> ApiError | None:
    """Answer what is wrong with the array of rows as a whole, or None."""
    if not isinstance(units, list):
        return InvalidRequest("units: must be an array")
    if len(units) > max_units:
        return TooManyUnits(f"A request may have at most {max_units} units.")
    return None


def load_row(row: Any) -> dict[str, Any] | Reject:
    """Answer the attributes of a row, or a ``Reject`` with all its faults, each under its path."""
    try:
        attributes: dict[str, Any] = unit_loader.load(row)
    except ValidationError as error:
        return reject_invalid(error)
    return attributes


def reject_invalid(error: ValidationError) -> Reject:
    """Answer the failed row: its faults, and those of its fields that are themselves valid."""
    messages: Any = error.messages
    valid = error.valid_data if isinstance(error.valid_data, dict) else {}
    faults = dict(flatten(messages))
    return Reject(
        "invalid_unit",
        "; ".join(f"{path}: {text}" for path, texts in faults.items() for text in texts),
        {name: value for name, value in valid.items() if name not in messages},
        fields=faults,
    )


def flatten(messages: Mapping[Any, Any]) -> Iterator[tuple[str, list[str]]]:
    """Answer the faults of a row by their path; a row that is no object has them under ``unit``.

    At most 100 faults are told, and names are cut: the answer must not grow with nonsense.
    """
    for path, texts in islice(_walk(messages, ""), MAX_FAULTS):
        yield path or "unit", texts


def _walk(messages: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, list[str]]]:
    for name, found in messages.items():
        path = (
            prefix
            if name == "_schema"
            else f"{prefix}{'.' * bool(prefix)}{str(name)[:LONGEST_NAME]}"
        )
        if isinstance(found, Mapping):
            yield from _walk(found, path)
        else:
            yield path, list(found)
