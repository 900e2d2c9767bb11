"""Strict JSON: what it takes to trust a body that msgspec or orjson has read."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import orjson

from app.errors import ApiError

JSON_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
SPACED_COLON = (b" :", b"\t:", b"\n:", b"\r:")
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a text that it does not take."""

MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])
SURE_START = 1024

MAX_DEPTH = 32
"""Objects and arrays within each other; the deepest body that means anything has five."""


class TooDeep(Exception):
    """Nested beyond ``MAX_DEPTH``: what walks a body recursively would not come back."""


class Split(NamedTuple):
    """A JSON object cut in two: itself with an array in it emptied, and the texts of its elements."""

    rest: bytes
    elements: Sequence[msgspec.Raw]


def split_array(body: bytes, name: str) -> Split | None:
    """Cut the object in ``body`` at its array ``name``; None where that is not easily done.

    Nothing is trusted yet: the texts of rest and elements have still to be parsed, each of them.
    """
    try:
        array = bytes(MEMBERS.decode(body).get(name, b""))
        elements = ELEMENTS.decode(array)
    except NOT_JSON:
        return None
    start = body.find(array[:SURE_START])
    if not body.startswith(array, start):
        return None
    return Split(body[:start] + b"[]" + body[start + len(array) :], elements)


def parse_object(body: bytes, malformed: type[ApiError]) -> dict[str, Any]:
    """Answer ``body`` as a JSON object; raises ``malformed`` if it is anything else."""
    value = parse(body, malformed)
    if not isinstance(value, dict):
        raise malformed("The request body must be a JSON object.")
    return value


def parse(body: bytes, malformed: type[ApiError]) -> Any:
    """Answer the value of ``body``; raises ``malformed`` if it is no strict JSON.

    orjson refuses bad UTF-8, a byte-order mark, lone surrogates, ``NaN``, ``Infinity``, numbers beyond
    a double and nesting without end. It keeps the last of two equal keys, which we refuse.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise malformed(f"The request body is not valid JSON: {error}") from None
    try:
        repeats = isinstance(value, dict | list) and has_duplicate_keys(body, value)
    except TooDeep:
        raise malformed(f"The request body is nested more than {MAX_DEPTH} deep.") from None
    if repeats:
        raise malformed("The request body has the same key twice in one object.")
    return value


def has_duplicate_keys(body: bytes, value: Any) -> bool:
    """Tell whether an object in ``body``, valid JSON that was read as ``value``, repeats a key.

    Each key stands before one colon, so fewer keys than colons means that one was dropped. A quote
    followed by a colon is a key, or now and then part of a text; counted that way there can only be
    too many, never too few, unless a space stands before a colon. So equal counts settle it, and
    only otherwise are the texts taken out and the colons counted exactly.
    """
    keys = count_keys(value)
    if body.count(b'":') == keys and not any(colon in body for colon in SPACED_COLON):
        return False
    return JSON_STRING.sub(b"", body).count(b":") != keys


def count_keys(value: Any) -> int:
    """Answer the number of keys in all objects of ``value``; raises ``TooDeep``."""
    count, depth, level = 0, 0, [value]
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise TooDeep
        deeper: list[Any] = []
        for current in level:
            if current.__class__ is dict:
                count += len(current)
            members = current.values() if current.__class__ is dict else current
            deeper += [m for m in members if m.__class__ is dict or m.__class__ is list]
        level = deeper
    return count
