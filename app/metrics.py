"""The figures that Prometheus reads: what is counted, and how it is told for all workers at once.

No label can take a value that a client chooses: routes are rules, methods are those that exist.
Source: CONTRACT 9; the names are ours, docs/operations.md.
"""

import os
from collections.abc import Mapping
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import Engine, event
from sqlalchemy.pool import QueuePool

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})

REQUESTS = Counter(
    "registry_http_requests_total", "Requests answered.", ["route", "method", "status"]
)
LATENCY = Histogram(
    "registry_http_request_duration_seconds",
    "Seconds from a request's head to its answer.",
    ["route", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
ROWS = Counter("registry_rows_total", "Rows by what became of them.", ["kind", "action"])
MATCHED = Counter(
    "registry_units_matched_total", "Rows of units that were taken, by what found them.", ["by"]
)
RETRIES = Counter("registry_transaction_retries_total", "Transactions begun again.")
LOCK_WAIT = Histogram(
    "registry_group_lock_wait_seconds",
    "Seconds until the lock of a group was there, its look-up included.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
POOL_USED = Gauge(
    "registry_db_pool_used", "Database connections in use.", multiprocess_mode="livesum"
)
POOL_SIZE = Gauge(
    "registry_db_pool_size", "Database connections that may be kept.", multiprocess_mode="livesum"
)


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count one answered request; ``route`` is the rule of its URL."""
    known = method if method in METHODS else "other"
    REQUESTS.labels(route, known, str(status)).inc()
    LATENCY.labels(route, known).observe(seconds)


def count_rows(kind: str, actions: Mapping[str, int], matched_by: Mapping[str | None, int]) -> None:
    """Count rows that were written, by action, and those of units by what found them."""
    for action, number in actions.items():
        if number:
            ROWS.labels(kind, action).inc(number)
    for found_by, number in matched_by.items():
        MATCHED.labels(found_by or "nothing").inc(number)


def watch_pool(engine: Engine) -> None:
    """Tell how many connections of ``engine`` are in use."""
    if isinstance(engine.pool, QueuePool):
        POOL_SIZE.inc(engine.pool.size())

    def count(step: int) -> Any:
        return lambda *_: POOL_USED.inc(step)

    event.listen(engine, "checkout", count(1))
    event.listen(engine, "checkin", count(-1))


def render(accept: str) -> tuple[bytes, str]:
    """Answer all figures in a form that ``accept`` asks for, and its content type.

    Behind gunicorn they are those of all its workers, from the files that they share.
    """
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
