"""What operators see of each request: an id, a line of the log, and figures.

Never a body, a token or an address: the route stands for the URL, and counts for the rows.
"""

import logging
import re
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import structlog
from flask import Flask, Response, g, request

from app.metrics import count_request, count_rows

log = logging.getLogger("app.requests")

SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
SINGLE = {"items": "items", "itemUnits": "item_units"}
"""What the blueprints whose answers carry ``Upsert-Result`` write."""


class Noted(NamedTuple):
    """What became of some rows."""

    kind: str
    actions: Mapping[str, int]
    matched_by: Mapping[str | None, int]
    dry_run: bool


def init_app(app: Flask) -> None:
    """See each request from before anything else until after everything else."""
    app.before_request(begin)
    app.after_request(finish)


def begin() -> None:
    """Keep the client's own ``X-Request-ID`` if it is a sane one, else make one; start the clock."""
    g.started = time.perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if SANE_REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
    g.noted = []
    # On every line that is logged while this request is served, whoever writes it.
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def note_rows(
    kind: str,
    actions: Mapping[str, int],
    matched_by: Mapping[str | None, int] | None = None,
    *,
    dry_run: bool = False,
    more: bool = False,
) -> None:
    """Tell what becomes of the rows of a request; they count once it has succeeded.

    ``actions`` counts rows by action, ``matched_by`` those of units by what found them. A dry run's are
    logged but not counted: nothing was written. A transaction that runs again tells again, which
    replaces what it told before; ``more`` adds to it instead.
    """
    if not more:
        g.noted.clear()
    g.noted.append(Noted(kind, actions, matched_by or {}, dry_run))


def finish(response: Response) -> Response:
    """Log and count the request."""
    seconds = time.perf_counter() - g.started
    rows = count_noted(response)
    route = request.url_rule.rule if request.url_rule else "unknown"
    count_request(route, request.method, response.status_code, seconds)
    is_probe = request.blueprint == "ops" and response.status_code < 400
    log.log(
        logging.DEBUG if is_probe else logging.INFO,
        "request",
        extra={
            "remote": request.remote_addr,
            "client": g.get("client_name"),
            "route": route,
            "method": request.method,
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
            **({"rows": dict(rows)} if rows else {}),
        },
    )
    return response


def count_noted(response: Response) -> Counter[str]:
    """Count the rows of a request that succeeded; answers how many had which action."""
    if response.status_code >= 400:
        return Counter()
    action = response.headers.get("Upsert-Result")
    kind = SINGLE.get(request.blueprint or "")
    # The answer of an earlier request, sent again, tells of no row of this one.
    if action and kind and "Idempotent-Replayed" not in response.headers:
        note_rows(kind, {action: 1})
    rows: Counter[str] = Counter()
    for noted in g.noted:
        rows.update(noted.actions)
        if not noted.dry_run:
            count_rows(noted.kind, noted.actions, noted.matched_by)
    return rows
