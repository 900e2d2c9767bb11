"""The envelopes and queries of the units routes, checked in the order of CONTRACT 4.2."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, validate

from app.accounts.service import GroupKey
from app.db import MAX_ID
from app.errors import ApiError, InvalidRequest, refuse_parameter
from app.fields import Reference
from app.query import Cursor, Flag, QueryId, QueryInteger, QuerySchema, UtcTime, about, load_query
from app.strict_json import parse, parse_object, split_array
from app.texts import LONGEST_NAME, MAX_TEXT, clean_text, tell
from app.units.errors import (
    BothGroupIdentifiersProvided,
    InvalidJson,
    NoGroup,
    TooManyUnits,
)
from app.units.matching import Reject
from app.units.schemas import MAX_FAULTS, load_row, load_texts

MAX_FAULTS_OF_ALL = 10_000
"""Faults that one answer tells before rows tell their first one only."""

Rows = list[dict[str, Any] | Reject]
ENVELOPE_FIELDS = ("group_id", "group_external_ref", "units")


class UpsertQuery(QuerySchema):
    """The query of ``POST /units/multiple``. Source: CONTRACT 4.1."""

    dry_run = Flag(load_default=False, metadata=about("Decide everything and write nothing."))
    atomic = Flag(load_default=False, metadata=about("Write nothing if any row fails (422)."))
    explain = Flag(
        load_default=False,
        metadata=about("Say of each row what was tried, and what looks alike."),
    )


class StreamQuery(QuerySchema):
    """The query of ``POST /units/multiple`` with a stream of lines, which has no envelope."""

    group_id = QueryId()
    group_external_ref = Reference()
    dry_run = Flag(load_default=False)
    atomic = Flag(validate=validate.Equal(False, error="a stream is written in chunks"))
    explain = Flag(validate=validate.Equal(False, error="a stream is not explained"))


class ListQuery(QuerySchema):
    """The query of ``GET /units``. Source: CONTRACT 5."""

    group_id = QueryId(metadata=about("Only of this group."))
    group_external_ref = Reference(
        metadata=about("Only of the group with this external reference.")
    )
    identifier = Reference(metadata=about("Only with this identifier."))
    updated_since = UtcTime(metadata=about("Only changed at this time or later."))
    limit = QueryInteger(1, 1000, load_default=100, metadata=about("How many to answer at most."))
    cursor = Cursor(metadata=about("The `next_cursor` of the page before."))


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
    explain: bool


def load_request(content: bytes, query: Iterable[tuple[str, str]], max_units: int) -> UnitsRequest:
    """Answer the request in ``content`` and ``query``, checked in the order of CONTRACT 4.2.

    Raises ``InvalidJson``, ``BothGroupIdentifiersProvided``, ``NoGroup``, ``InvalidRequest`` (all 400).
    """
    body, rows = load_body(content, max_units)
    group = load_group(body.get("group_id"), body.get("group_external_ref"))
    for name in body:
        if name not in ENVELOPE_FIELDS:
            raise InvalidRequest(f"{tell(name, LONGEST_NAME)}: unknown field")
    flags = load_query(UpsertQuery(), query, refuse_parameter)
    fault = find_fault(body.get("units"), max_units)
    if fault is None and rows is None:
        rows = load_rows(body["units"])
    return UnitsRequest(group, rows or [], fault, **flags)


def load_body(content: bytes, max_units: int) -> tuple[dict[str, Any], Rows | None]:
    """Answer the object in ``content``, and its rows loaded, or None where they are still in it.

    Most bodies are plain: then each row is loaded from its text, and nothing is parsed twice or held
    in two forms. Raises ``InvalidJson``.
    """
    split = split_array(content, "units")
    if split is not None and len(split.elements) <= max_units:
        # What is no JSON is told of the whole body, not of a piece of it.
        with suppress(InvalidJson):
            rest = parse_object(split.rest, InvalidJson)
            if rest["units"] == []:  # Else the array was found where it is not: inside a text, say.
                return rest, load_texts(split.elements, CarefulLoader().load_text)
    return parse_object(content, InvalidJson), None


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """A request to create or update units that come line by line."""

    group: GroupKey
    dry_run: bool


def load_stream(query: Iterable[tuple[str, str]]) -> StreamRequest:
    """Answer what the query of a stream asks for; raises as ``load_request`` does."""
    wanted = load_query(StreamQuery(), query, refuse_parameter)
    group = load_group(wanted.get("group_id"), wanted.get("group_external_ref"))
    return StreamRequest(group, wanted["dry_run"])


def load_list(query: Iterable[tuple[str, str]]) -> tuple[GroupKey | None, dict[str, Any]]:
    """Answer the group that a list is limited to, if any, and the other parameters.

    Raises ``InvalidRequest`` and ``BothGroupIdentifiersProvided`` (400).
    """
    wanted = load_query(ListQuery(), query, refuse_parameter)
    keys = wanted.pop("group_id", None), wanted.pop("group_external_ref", None)
    return (None if keys == (None, None) else load_group(*keys)), wanted


class CarefulLoader:
    """Loads rows one by one; after ``MAX_FAULTS_OF_ALL`` faults a row tells its first one only."""

    def __init__(self) -> None:
        self.told = 0

    def load(self, row: Any) -> dict[str, Any] | Reject:
        """Answer the attributes of ``row``, or why it fails."""
        loaded = load_row(row, MAX_FAULTS if self.told < MAX_FAULTS_OF_ALL else 1)
        if isinstance(loaded, Reject):
            self.told += len(loaded.fields or ())
        return loaded

    def load_text(self, text: bytes) -> dict[str, Any] | Reject:
        """Answer the same of the row in ``text``; raises ``InvalidJson``."""
        return self.load(parse(text, InvalidJson))


def load_rows(units: Any) -> Rows:
    """Answer the rows in ``units``, loaded in place: what was sent is let go row by row."""
    loader = CarefulLoader()
    for index, row in enumerate(units):
        units[index] = loader.load(row)
    rows: Rows = units
    return rows


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
    # One that is too long is merely unknown; a little of it is enough to find that out.
    wanted = external_ref[: MAX_TEXT + 1]
    try:
        Reference().deserialize(wanted[:MAX_TEXT])
    except ValidationError as error:
        raise InvalidRequest(f"group_external_ref: {error.messages[0]}") from None
    return GroupKey(external_ref=wanted)


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
