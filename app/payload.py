"""Reading a request body and writing an answer: strict JSON in both directions."""

from collections.abc import Iterator
from typing import IO, Any

import orjson
from flask import Response, request
from werkzeug.wsgi import FileWrapper

from app.errors import ApiError, UnsupportedMediaType
from app.lines import BLOCK, expand, read_blocks, split_lines
from app.strict_json import parse_object
from app.tags import ANY, entity_tag

NDJSON = "application/x-ndjson"
JSON_OUT = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


MADE = object()
"""Stands in an answer for a value that is made when it is written."""


def read_object(malformed: type[ApiError]) -> dict[str, Any]:
    """Answer the body of the request, a JSON object.

    Raises what ``read_json`` raises, and ``malformed`` with a text that says what is wrong: no JSON,
    no object, or a key twice in one object. Source: CONTRACT 2.
    """
    return parse_object(read_json(), malformed)


def read_json(*, keep: bool = True) -> bytes:
    """Answer the body of the request as it was sent, JSON by its headers.

    ``keep`` it for a view that may run twice (``db.transactional``); a large one is better let go.
    Raises ``UnsupportedMediaType`` (415) and Werkzeug's 413.
    """
    mimetype = request.mimetype
    if not (mimetype == "application/json" or mimetype.endswith("+json")):
        raise UnsupportedMediaType()
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("The request body must not be compressed.")
    return request.get_data(cache=keep)


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


def json_response(
    value: Any,
    status: int = 200,
    headers: dict[str, str] | None = None,
    made: Iterator[Any] | None = None,
) -> Response:
    """Answer ``value`` as JSON; times are written ``2016-08-24T09:17:24Z``. Source: CONTRACT 2.

    Each ``MADE`` in ``value`` stands for the next of ``made``.
    """
    make = None if made is None else lambda _stand_in: next(made)
    body = orjson.dumps(value, default=make, option=JSON_OUT)
    return Response(body, status, headers, content_type="application/json")
