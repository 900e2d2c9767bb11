"""The headers of answers, in the words of OpenAPI 3.1."""

from collections.abc import Sequence
from typing import Any

HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Upsert-Result": ("What was done.", {"enum": ["created", "updated", "unchanged"]}),
    "Location": ("Where the record is shown.", {}),
    "ETag": ("The state of the record, for `If-Match`.", {}),
    "WWW-Authenticate": ("The scheme to authenticate with.", {}),
    "Retry-After": ("Seconds to wait.", {"pattern": "^[0-9]+$"}),
    "RateLimit-Policy": ("The limits: `q` requests in `w` seconds. On every answer.", {}),
    "RateLimit": ("What is left: `r` requests in the next `t` seconds. On every answer.", {}),
    "Idempotent-Replayed": ("The stored answer: nothing was done again.", {"enum": ["true"]}),
}
FAILURE_HEADERS: dict[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    409: ("Retry-After",),
    429: ("Retry-After", "RateLimit-Policy", "RateLimit"),
    503: ("Retry-After",),
}
"""The headers that every failure of a status has."""


def describe_headers(names: Sequence[str]) -> dict[str, Any]:
    """Answer the headers of an answer, or nothing if it has none of its own."""
    headers = {
        name: {"description": HEADERS[name][0], "schema": {"type": "string", **HEADERS[name][1]}}
        for name in names
    }
    return {"headers": headers} if headers else {}
