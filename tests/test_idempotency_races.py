"""One key at the same time from many: one effect, the same bytes for all. Source: CONTRACT 8."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url
from werkzeug.test import TestResponse

from tests.faults import end_backend
from tests.test_idempotency import grow_old
from tests.test_races import at_once
from tests.world import World

THREADS = 16
KEY = {"Idempotency-Key": "k"}

only_postgresql = pytest.mark.parametrize("engine_url", ["postgresql"], indirect=True)
only_sqlite = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)


def send(world: World, name: str = "first") -> TestResponse:
    """Post one unit that has no identifier, so that each time it is carried out shows."""
    units = [{"name": name, "address": {"address_line_1": "12 Main St"}}]
    return world.post("/units/multiple", {"group_id": world.group, "units": units}, **KEY)


def test_sixteen_at_once_have_one_effect_and_one_answer(world: World) -> None:
    answers = at_once([lambda: send(world)] * THREADS)

    assert [answer.status_code for answer in answers] == [200] * THREADS
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert sorted(replayed, key=str) == [None, *["true"] * (THREADS - 1)]
    assert len({answer.data for answer in answers}) == 1
    assert b'"created":1,' in answers[0].data
    assert [row["version"] for row in world.rows("units")] == [1]


def test_sixteen_upserts_at_once_are_one(world: World) -> None:
    world.put_units({"identifier": "PACKET"})
    body = {"quantity": 4, "isDefault": True}

    answers = at_once([lambda: world.upsert(body, **KEY)] * THREADS)

    results = {(a.status_code, a.data, a.headers["Upsert-Result"]) for a in answers}
    assert len(results) == 1
    assert {answer.headers["Upsert-Result"] for answer in answers} == {"created"}
    assert len({answer.headers["ETag"] for answer in answers}) == 1


def test_of_two_bodies_at_once_one_wins_and_the_other_is_422(world: World) -> None:
    names = ["first", "second"] * (THREADS // 2)

    answers = at_once([lambda name=name: send(world, name) for name in names])

    (stored,) = world.rows("units")
    expected = [200 if name == stored["name"] else 422 for name in names]
    assert [answer.status_code for answer in answers] == expected
    assert len({a.data for a in answers if a.status_code == 200}) == 1
    assert stored["version"] == 1


def test_a_key_that_grew_old_is_renewed_once(world: World) -> None:
    send(world, "yesterday")
    grow_old(world, "k")

    answers = at_once([lambda: send(world)] * THREADS)

    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert sorted(replayed, key=str) == [None, *["true"] * (THREADS - 1)]
    assert len({answer.data for answer in answers}) == 1
    assert [row["version"] for row in world.rows("units")] == [2]


@contextmanager
def first_one(world: World, conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    """Hold the key as a request does that is still running, from outside."""
    client = next(c for c in world.rows("clients") if c["client_id"] == "entity1-sync")
    holder = (client["organization_id"], client["id"])
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO idempotency_keys (organization_id, client_id, key, fingerprint, created_at)"
            " VALUES (%s, %s, 'k', 'f', now() AT TIME ZONE 'UTC')",
            holder,
        )
        yield connection


@only_postgresql
def test_while_the_first_runs_the_second_is_409_and_does_nothing(
    app_with: Callable[..., World], postgres_url: str
) -> None:
    hasty = app_with(DB_LOCK_TIMEOUT=0.2)
    with first_one(hasty, postgres_url) as connection:
        answer = send(hasty)
        connection.rollback()

    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")
    assert answer.json["error"]["type"] == "request_in_progress"
    assert hasty.rows("units") == []
    assert send(hasty).headers.get("Idempotent-Replayed") is None


@only_postgresql
def test_when_the_first_dies_the_next_does_the_work(world: World, postgres_url: str) -> None:
    with first_one(world, postgres_url) as first, ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(send, world) for _ in range(4)]
        wait_for_waiters(postgres_url, 4)
        end_backend(first.info)
        answers = [one.result() for one in waiting]
        first.close()

    assert [answer.status_code for answer in answers] == [200] * 4
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert sorted(replayed, key=str) == [None, "true", "true", "true"]
    assert len({answer.data for answer in answers}) == 1
    assert len(world.rows("units")) == 1


def wait_for_waiters(conninfo: str, count: int) -> None:
    """Wait until so many sessions of the database wait for a lock."""
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with psycopg.connect(conninfo, autocommit=True) as watcher:
        for _ in range(2000):
            found = watcher.execute(query).fetchone()
            if found == (count,):
                return
            time.sleep(0.01)
    raise AssertionError(f"{found} wait instead of {count}")


@only_sqlite
def test_on_sqlite_any_writer_that_takes_too_long_makes_it_503(
    app_with: Callable[..., World], engine_url: str
) -> None:
    hasty = app_with(DB_LOCK_TIMEOUT=0.1)
    other = sqlite3.connect(make_url(engine_url).database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = send(hasty)
    other.close()

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert send(hasty).status_code == 200
