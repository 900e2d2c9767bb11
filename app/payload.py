"""Reading a request body and writing an answer: strict JSON in both directions."""

import re
from collections.abc import Iterator
from typing import IO, Any

import orjson
from flask import Response, request
from werkzeug.wsgi import FileWrapper

from app.errors import ApiError, UnsupportedMediaType
from app.lines import BLOCK, expand, read_blocks, split_lines
from app.tags import ANY, entity_tag

NDJSON = "application/x-ndjson"
JSON_OUT = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
MAX_DEPTH = 32
"""Objects and arrays within each other; the deepest body that means anything has five."""

JSON_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
SPACED_COLON = (b" :", b"\t:", b"\n:", b"\r:")


class TooDeep(Exception):
    """Nested beyond ``MAX_DEPTH``: what walks a body recursively would not come back."""


def read_object(malformed: type[ApiError], *, keep: bool = True) -> dict[str, Any]:
    """Answer the body of the request, a JSON object.

    ``keep`` it for a view that may run twice (``db.transactional``); a large one is better let go.
    Raises ``UnsupportedMediaType`` (415), Werkzeug's 413, and ``malformed`` with a text that says
    what is wrong: no JSON, no object, or a key twice in one object. Source: CONTRACT 2.
    """
    mimetype = request.mimetype
    if not (mimetype == "application/json" or mimetype.endswith("+json")):
        raise UnsupportedMediaType()
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("The request body must not be compressed.")
    return parse_object(request.get_data(cache=keep), malformed)


def read_lines() -> Iterator[bytes | None]:
    """Answer the lines of the request's body, of any length; None for a line that is too long.

    Raises ``UnsupportedMediaType`` (415), and ``lines.BrokenBody`` where the body breaks off.
    """
    coding = request.headers.get("Content-Encoding", "identity").lower()
    if coding not in ("identity", "gzip"):
        raise UnsupportedMediaType("The request body may be compressed by gzip only.")
    request.max_content_length = 2**63  # The lines are bounded, not the body.
    blocks = read_blocks(request.stream)
    return split_lines(expand(blocks) if coding == "gzip" else blocks)


def file_response(file: IO[bytes], content_type: str) -> Response:
    """Answer what stands in ``file``, block by block; it is closed with the answer."""
    return Response(FileWrapper(file, BLOCK), content_type=content_type, direct_passthrough=True)


def parse_object(body: bytes, malformed: type[ApiError]) -> dict[str, Any]:
    """Answer ``body`` as a JSON object; raises ``malformed`` if it is anything else.

    orjson refuses bad UTF-8, a byte-order mark, lone surrogates, ``NaN``, ``Infinity``, numbers beyond
    a double and nesting without end. It keeps the last of two equal keys, which we refuse.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise malformed(f"The request body is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise malformed("The request body must be a JSON object.")
    try:
        repeats = has_duplicate_keys(body, value)
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


def tagged(response: Response, record_id: int, version: int) -> Response:
    """Answer ``response`` with the ``ETag`` of its record; a GET that has it already gets 304."""
    tag = entity_tag(record_id, version)
    response.set_etag(tag)
    if request.method == "GET" and request.if_none_match.contains(tag):
        return Response(status=304, headers={"ETag": response.headers["ETag"]})
    return response


def read_if_match() -> frozenset[str] | None:
    """Answer the strong tags of ``If-Match``, ``*`` for any record, None if it was not sent."""
    if not request.headers.get("If-Match"):
        return None
    tags = request.if_match
    return frozenset({ANY}) if tags.star_tag else frozenset(tags.as_set())


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer ``value`` as JSON; times are written ``2016-08-24T09:17:24Z``. Source: CONTRACT 2."""
    body = orjson.dumps(value, option=JSON_OUT)
    return Response(body, status, headers, content_type="application/json")
