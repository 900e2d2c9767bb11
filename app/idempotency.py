"""``Idempotency-Key``: a request that is sent twice is carried out once, and answered the same twice.

The record of a key is written in the very transaction of the work: both are there or neither is. So a
server that dies leaves nothing behind, and an answer that got lost can be asked for again. While the
first request runs, its uncommitted record makes a second one wait. Source: CONTRACT 8.
"""

import re
from collections.abc import Callable
from functools import partial, wraps
from hashlib import sha256
from typing import ParamSpec, Protocol

from flask import Response, request
from sqlalchemy.orm import Session

from app.db import AnyRow, db, transactional, utcnow
from app.errors import IdempotencyKeyReused, InvalidIdempotencyKey
from app.idempotency_records import Claim, remember, take

HEADER = "Idempotency-Key"
REPLAYED_HEADERS = ("Upsert-Result", "Location", "ETag")
"""What of the first answer's headers belongs to the record rather than to the request."""

KEY = re.compile(r"[ -~]{1,255}")
P = ParamSpec("P")


class Holder(Protocol):
    """Whose a key is: two clients may use the same one and never hear of each other."""

    @property
    def organization_id(self) -> int:
        """Answer the organization."""

    @property
    def client_id(self) -> int:
        """Answer its client."""


def is_keyed() -> bool:
    """Tell whether the request brings a key. Asked of every POST: no header is parsed for it."""
    return "HTTP_IDEMPOTENCY_KEY" in request.environ


def idempotent(
    holder: Callable[[], Holder],
) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """Run a view in one transaction, and once only for each ``Idempotency-Key`` of ``holder()``.

    What it answers is a success; all else it raises, and then nothing is remembered. A request without
    a key is merely ``transactional``. The body of one with a key must not have been let go before.
    Raises ``InvalidIdempotencyKey`` (400), ``RequestInProgress`` (409), ``IdempotencyKeyReused`` (422).
    """

    def decorate(view: Callable[P, Response]) -> Callable[P, Response]:
        """Answer ``view``, run in a transaction and once only for each key."""
        without_key = transactional(view)

        @wraps(view)
        def run(*args: P.args, **kwargs: P.kwargs) -> Response:
            if not is_keyed():
                return without_key(*args, **kwargs)
            return answer_once(db.session(), read_claim(holder()), partial(view, *args, **kwargs))

        return run

    return decorate


def refuse_key() -> None:
    """Refuse a key where what is asked for cannot be carried out as a whole. Ours: docs/decisions.md."""
    if is_keyed():
        raise InvalidIdempotencyKey(
            "A stream is written in chunks and cannot have an Idempotency-Key: leave it out, and if the"
            " stream breaks off post it again."
        )


def read_claim(holder: Holder) -> Claim:
    """Answer the claim that the request makes; raises ``InvalidIdempotencyKey`` (400).

    The path is taken as it is routed: what it means counts, not how it was escaped.
    """
    key = check_key(request.headers[HEADER])
    path = request.environ["PATH_INFO"]
    fingerprint = fingerprint_of(request.method, path, request.query_string, request.get_data())
    return Claim(holder.organization_id, holder.client_id, key, fingerprint)


def check_key(key: str) -> str:
    """Answer ``key`` without white space around it; raises ``InvalidIdempotencyKey``."""
    key = key.strip(" \t")
    if not KEY.fullmatch(key):
        raise InvalidIdempotencyKey()
    return key


def fingerprint_of(method: str, path: str, query: bytes, body: bytes) -> str:
    """Answer what tells two requests apart: a hash of all four, each with its length before it."""
    digest = sha256()
    for part in (method.encode(), path.encode(), query, body):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()


@transactional
def answer_once(session: Session, claim: Claim, work: Callable[[], Response]) -> Response:
    """Answer what ``work`` answers and remember it, or what was answered to this claim before."""
    record = take(session, claim, utcnow())
    if record is not None:
        return replay(record, claim)
    response = work()
    headers = {
        name: response.headers[name] for name in REPLAYED_HEADERS if name in response.headers
    }
    remember(session, claim, response.status_code, headers, response.get_data())
    return response


def replay(record: AnyRow, claim: Claim) -> Response:
    """Answer what ``record`` remembers; raises ``IdempotencyKeyReused``."""
    if record.fingerprint != claim.fingerprint:
        raise IdempotencyKeyReused()
    headers = {**record.headers, "Idempotent-Replayed": "true"}
    return Response(record.body, record.status, headers, content_type="application/json")
