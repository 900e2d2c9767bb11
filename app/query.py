"""Query strings: strict like bodies, and how lists are walked through them."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from marshmallow import Schema, ValidationError
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from app.db import MAX_ID, AnyRow, AnySelect
from app.errors import ApiError
from app.fields import Field, StrictSchema
from app.texts import LONGEST_NAME, tell

UTC_TIME = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")
UNKNOWN = "unknown query parameter"
Refuse = Callable[[str, str], ApiError]
"""Makes an error of a parameter's name and what is wrong with it."""


def about(text: str) -> dict[str, str]:
    """Answer the metadata of a field that ``/openapi.json`` describes with ``text``."""
    return {"description": text}


class QuerySchema(StrictSchema):
    """The parameters of a query string; every value is a string."""

    error_messages = {"unknown": UNKNOWN}


class QueryInteger(Field):
    """An integer in ASCII digits, from ``low`` to ``high``."""

    default_error_messages = {"invalid": "must be an integer from {low} to {high}"}

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of the number that the digits stand for."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def _deserialize(self, value: str, *_: Any, **__: Any) -> int:
        # No bound of ours has thirty digits, so neither has a number that is cut to as many.
        number = int(value[:30]) if value.isascii() and value.isdigit() else -1
        if not self.low <= number <= self.high:
            raise self.make_error("invalid", low=self.low, high=self.high)
        return number


class QueryId(Field):
    """An id in ASCII digits; one too large for the database exists nowhere, but is no fault."""

    default_error_messages = {"invalid": "must be an integer"}

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of the number that the digits stand for."""
        return {"type": "integer", "minimum": 0}

    def _deserialize(self, value: str, *_: Any, **__: Any) -> int:
        if not (value.isascii() and value.isdigit()):
            raise self.make_error("invalid")
        return min(int(value[:30]), MAX_ID)


class Flag(Field):
    """``true`` or ``false``."""

    default_error_messages = {"invalid": "must be true or false"}

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of the value that the word stands for."""
        return {"type": "boolean"}

    def _deserialize(self, value: str, *_: Any, **__: Any) -> bool:
        if value not in ("true", "false"):
            raise self.make_error("invalid")
        return value == "true"


class UtcTime(Field):
    """A time as ``2016-08-24T09:17:24Z``; answered naive, as the columns hold it."""

    default_error_messages = {"invalid": "must be a time as 2016-08-24T09:17:24Z"}

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of such a time."""
        return {"type": "string", "format": "date-time", "pattern": UTC_TIME.pattern}

    def _deserialize(self, value: str, *_: Any, **__: Any) -> datetime:
        if not UTC_TIME.fullmatch(value):
            raise self.make_error("invalid")
        try:
            return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 - Z is UTC
        except ValueError:
            raise self.make_error("invalid") from None


class OffsetQuery(QuerySchema):
    """How a list with an offset is asked for: ``max`` rows from ``offset`` on. Source: CONTRACT 7."""

    max = QueryInteger(1, 1000, load_default=100, metadata=about("How many to answer at most."))
    offset = QueryInteger(0, MAX_ID, load_default=0, metadata=about("How many to pass over."))


class Cursor(Field):
    """Where a walk through a list goes on: opaque to clients, a list of plain values to us."""

    default_error_messages = {"invalid": "must be a next_cursor of an earlier answer"}

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of a cursor, which is nobody's business but ours."""
        return {"type": "string", "format": "cursor"}

    def _deserialize(self, value: str, *_: Any, **__: Any) -> tuple[datetime, int]:
        try:
            moment, last_id = orjson.loads(base64.urlsafe_b64decode(value.encode()))
            return datetime.fromisoformat(moment), int(last_id)
        except (ValueError, TypeError, binascii.Error):
            raise self.make_error("invalid") from None


def walk(query: AnySelect, moment: str, wanted: Mapping[str, Any]) -> AnySelect:
    """Answer ``query`` in order of its columns ``moment`` and ``id``, from the cursor on.

    ``wanted`` has ``limit`` and may have ``cursor``. One row more than the limit is asked for, so that
    ``cut_page`` can tell whether there is more. Keyset, never OFFSET: it costs the same anywhere.
    """
    columns = query.selected_columns
    position = (columns[moment], columns["id"])
    if wanted.get("cursor") is not None:
        query = query.where(tuple_(*position) > tuple_(*wanted["cursor"]))
    return query.order_by(*position).limit(wanted["limit"] + 1)


def cut_page(
    rows: Sequence[AnyRow], moment: str, limit: int
) -> tuple[Sequence[AnyRow], str | None]:
    """Answer the first ``limit`` of the rows of a walk, and the cursor that goes on after them."""
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]._mapping
    position = [last[moment].isoformat(), last["id"]]
    return rows[:limit], base64.urlsafe_b64encode(orjson.dumps(position)).decode()


def count_rows(session: Session, ids: AnySelect) -> int:
    """Answer how many rows ``ids`` selects."""
    return session.execute(select(func.count()).select_from(ids.subquery())).scalar_one()


def offset_page(ids: AnySelect, total: int, wanted: Mapping[str, Any]) -> AnySelect:
    """Answer ``ids`` cut to the page that ``wanted`` asks for.

    The second half of a list is reached from its end: no page costs more than half a walk. The ids
    alone are walked; the caller joins the rest to them, in order of ``id``.
    """
    column = ids.selected_columns["id"]
    size = max(0, min(wanted["max"], total - wanted["offset"]))
    if wanted["offset"] <= total // 2:
        return ids.order_by(column).offset(wanted["offset"]).limit(size)
    start = max(0, total - wanted["offset"] - size)
    return ids.order_by(column.desc()).offset(start).limit(size)


def describe_paging(
    path: str, total: int, wanted: Mapping[str, Any], query: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    """Answer the ``paging`` object; links are relative to the host and keep the filters of ``query``."""
    limit, offset = wanted["max"], wanted["offset"]
    kept = [(name, value) for name, value in query if name not in ("max", "offset")]

    def link(target: int) -> str:
        return f"{path}?{urlencode([('max', limit), ('offset', target), *kept])}"

    return {
        "total": total,
        "max": limit,
        "offset": offset,
        "previous": link(max(0, offset - limit)) if offset else None,
        "next": link(offset + limit) if offset + limit < total else None,
    }


def load_query(schema: Schema, pairs: Iterable[tuple[str, str]], refuse: Refuse) -> dict[str, Any]:
    """Answer the parameters in ``pairs``; raises what ``refuse`` makes of the first fault.

    A parameter that stands twice is refused: two answers to one question.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise refuse(tell(name, LONGEST_NAME), "must be given once")
        given[name] = value
    try:
        values: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        messages: Any = error.messages
        name, texts = next(iter(sorted(messages.items(), key=lambda item: UNKNOWN not in item[1])))
        raise refuse(tell(name, LONGEST_NAME), texts[0]) from None
    return values
