"""Too many clients for the pool, and a lock that an outsider does not let go."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests_faults.clients import Answer, Connection
from tests_faults.databases import wait_until
from tests_faults.registry import UNITS, Registry
from tests_faults.servers import Server, serving

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
CLIENTS = 50
LOCK_TIMEOUT = 1.0
SOON = 4.0
"""Seconds more that a loaded machine may need; a quiet one needs none."""


def test_fifty_clients_and_a_pool_of_two_are_served_or_told_to_come_back(
    registry: Registry, folder: Path
) -> None:
    settings = {"DB_POOL_SIZE": 2, "WEB_WORKERS": 1, "WEB_THREADS": CLIENTS, "DB_LOCK_TIMEOUT": 60}
    with serving(registry.url, folder, **settings) as server, ThreadPoolExecutor(CLIENTS) as pool:
        (folder / "hold-at-after_lock").touch()
        jobs = [pool.submit(post, registry, server, 0, f"U-{n}") for n in range(CLIENTS)]
        wait_until(lambda: any(status_of(job) == 503 for job in jobs), "somebody is told")
        (folder / "held-at-after_lock").unlink()
        answers = [job.result() for job in jobs]
        stuck = registry.sql(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
        )
        again = post(registry, server, 0, "U-again")

    assert {answer.status for answer in answers} == {200, 503}
    assert all(a.headers.get("Retry-After") == "1" for a in answers if a.status == 503)
    assert stuck == [(0,)]
    assert again.status == 200
    stored = {identifier for (identifier,) in registry.sql("SELECT identifier FROM units")}
    served = {f"U-{n}" for n, answer in enumerate(answers) if answer.status == 200}
    assert stored == served | {"U-again"}


def test_a_lock_held_by_an_outsider_is_503_in_time_and_only_there(
    registry: Registry, folder: Path, tell: Callable[[str], None]
) -> None:
    with serving(registry.url, folder, DB_LOCK_TIMEOUT=LOCK_TIMEOUT) as server:
        with locked(registry, registry.groups[0]):
            refused = post(registry, server, 0, "A")
            elsewhere = post(registry, server, 1, "A")
        served = post(registry, server, 0, "A")

    tell(f"lock_timeout {LOCK_TIMEOUT} s, 503 after {refused.ended - refused.began:.2f} s")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    assert LOCK_TIMEOUT <= refused.ended - refused.began <= LOCK_TIMEOUT + SOON
    assert elsewhere.status == served.status == 200
    assert served.json["units"][0]["action"] == "created"


@contextmanager
def locked(registry: Registry, group_id: int) -> Iterator[None]:
    """Hold the row of a group, as somebody with psql might."""
    conninfo = registry.url.split("?", 1)[1].replace("&", " ")
    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT 1 FROM groups WHERE id = %s FOR UPDATE", [group_id])
        yield
        connection.rollback()


def post(registry: Registry, server: Server, group: int, identifier: str) -> Answer:
    """Post one unit to a group."""
    body = {"group_id": registry.groups[group], "units": [{"identifier": identifier}]}
    return Connection(server.port, registry.token).ask("POST", UNITS, body)


def status_of(job: Future[Answer]) -> int:
    """Answer the status of a request, 0 while it is under way."""
    return job.result().status if job.done() else 0
