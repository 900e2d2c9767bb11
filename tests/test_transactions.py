"""Transactions under faults: run again where that is safe, 503 where not, never half and never twice."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.db import RETRY_PAUSES, db
from app.engines import engine_options
from tests.faults import commit_failing, end_backend, statements_failing
from tests.fixtures import config_for
from tests.world import World

UNITS = [{"identifier": "A", "name": "new"}, {"address": {"address_line_1": "12 Main St"}}]
MET_ANOTHER = {"sqlite": [sqlite3.SQLITE_BUSY], "postgresql": ["40001", "40P01"]}
NOT_NOW = {
    "sqlite": [
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    ],
    "postgresql": [
        *("08006", "25006", "40001", "40P01", "53100", "53300"),
        *("55P03", "57014", "57P01", "58030"),
    ],
}
OURS = {"sqlite": [sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_MISUSE], "postgresql": ["42601", "22023"]}

Send = Callable[..., TestResponse]


@pytest.fixture(name="dialect")
def _dialect(app: Flask) -> str:
    with app.app_context():
        return str(db.engine.dialect.name)


def send_units(world: World, **headers: str) -> TestResponse:
    return world.post("/units/multiple", {"group_id": world.group, "units": UNITS}, **headers)


def send_item_unit(world: World, **headers: str) -> TestResponse:
    return world.upsert({"quantity": 4, "isDefault": True}, **headers)


def written(world: World) -> Any:
    """Answer what is stored, without ids and times."""
    tables = ("units", "item_units", "idempotency_keys")
    volatile = {"id", "unit_id", "item_id", "created_at", "updated_at", "body", "headers"}
    return {
        name: [{k: v for k, v in row.items() if k not in volatile} for row in world.rows(name)]
        for name in tables
    }


only_postgresql = pytest.mark.parametrize("engine_url", ["postgresql"], indirect=True)
"""For what SQLite does not have: a server, locks of rows, time limits, a pooler."""

each_request = pytest.mark.parametrize("send", [send_units, send_item_unit])
with_and_without_key = pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])


def clear(world: World) -> None:
    with world.app.app_context(), db.engine.begin() as connection:
        for name in ("idempotency_keys", "item_units", "units"):
            connection.execute(db.metadata.tables[name].delete())
    world.put_units({"identifier": "PACKET"})


@each_request
@with_and_without_key
def test_a_transaction_that_meets_another_at_any_statement_is_run_again(
    world: World, dialect: str, send: Send, headers: dict[str, str]
) -> None:
    clear(world)
    with statements_failing(world.app, 0, lambda _n: False) as statements:
        undisturbed = send(world, **headers).status_code
    expected = written(world)

    for state in MET_ANOTHER[dialect]:
        for number in range(len(statements)):
            clear(world)
            with statements_failing(world.app, state, lambda n, at=number: n == at):
                answer = send(world, **headers)
            assert answer.status_code == undisturbed, (state, statements[number])
            assert "Idempotent-Replayed" not in answer.headers
            assert written(world) == expected


@each_request
@with_and_without_key
def test_one_that_meets_others_again_and_again_is_503_and_nothing_is_written(
    world: World, dialect: str, send: Send, headers: dict[str, str]
) -> None:
    clear(world)
    before = written(world)
    with statements_failing(world.app, MET_ANOTHER[dialect][0], lambda _n: True) as tried:
        answer = send(world, **headers)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert len(tried) == 1 + len(RETRY_PAUSES)
    assert written(world) == before


@with_and_without_key
def test_what_says_not_now_is_503_what_says_never_500_and_neither_is_tried_again(
    world: World, dialect: str, headers: dict[str, str]
) -> None:
    clear(world)
    before = written(world)
    for status, states in ((503, NOT_NOW[dialect]), (500, OURS[dialect])):
        for state in set(states) - set(MET_ANOTHER[dialect]):
            # On SQLite statement 0 is the BEGIN; on PostgreSQL a key's wait for its lock is a 409.
            with statements_failing(world.app, state, lambda n: n == 1) as tried:
                answer = send_units(world, **headers)
            assert answer.status_code == status, state
            assert len(tried) == 2
            assert b"injected" not in answer.data
    assert written(world) == before
    assert send_units(world, **headers).status_code == 200


@each_request
@pytest.mark.parametrize("saved", [False, True])
def test_an_error_in_commit_is_told_as_unknown_and_a_key_makes_it_known(
    world: World, send: Send, saved: bool
) -> None:
    clear(world)
    key = {"Idempotency-Key": "k"}
    with commit_failing(world.app, saved=saved):
        answer = send(world, **key)

    code = answer.json["error"] if send is send_item_unit else answer.json["error"]["type"]
    assert (answer.status_code, code) == (503, "outcome_unknown")
    assert answer.headers["Retry-After"] == "1"
    assert len(world.rows("idempotency_keys")) == int(saved)

    again = send(world, **key)

    assert again.status_code in (200, 201)
    assert again.headers.get("Idempotent-Replayed") == ("true" if saved else None)
    done = written(world)
    assert {row["version"] for row in done["units"] + done["item_units"]} == {1}
    assert send(world, **key).data == again.data


def test_an_error_in_commit_is_not_tried_again(world: World) -> None:
    clear(world)
    with (
        commit_failing(world.app, saved=True),
        statements_failing(world.app, 0, lambda _n: False) as statements,
    ):
        send_units(world)
    with statements_failing(world.app, 0, lambda _n: False) as once:
        send_units(world)

    # The second is unchanged, and so writes less.
    assert len(once) < len(statements) <= len(once) + 2


@pytest.mark.parametrize("saved", [False, True])
def test_a_stream_whose_commit_fails_says_so_in_its_last_line(world: World, saved: bool) -> None:
    lines = b"".join(b'{"identifier": "U-%d"}\n' % n for n in range(1500))
    with commit_failing(world.app, saved=saved, after=1):
        answer = world.http.post(
            f"/api/v1.0/units/multiple?group_id={world.group}",
            data=lines,
            content_type="application/x-ndjson",
            headers=world.headers(),
        )

    with answer:
        last = answer.get_data().splitlines()[-1]
    assert b'"created":1000' in last
    assert b'"complete":false' in last
    assert b'"outcome_unknown"' in last
    assert len(world.rows("units")) == (1500 if saved else 1000)


@only_postgresql
def test_connections_that_the_server_ended_cost_one_503_and_heal(
    app_with: Callable[..., World],
) -> None:
    served = app_with()
    with served.app.app_context():
        held = [db.engine.connect() for _ in range(3)]
        infos = [c.connection.dbapi_connection.info for c in held]  # type: ignore[union-attr]
        for connection in held:
            connection.close()
        for info in infos:
            end_backend(info)

    answers = [send_units(served) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [503, 200, 200, 200]
    assert answers[0].headers["Retry-After"] == "1"


def test_with_more_threads_than_connections_there_is_200_or_503_and_none_is_kept(
    app_with: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engines.POOL_TIMEOUT", 0.2)
    small = app_with(DB_POOL_SIZE=2)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _n: send_units(small), range(48)))

    statuses = {answer.status_code for answer in answers}
    assert 200 in statuses
    assert statuses <= {200, 503}
    with small.app.app_context():
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        held = [db.engine.connect() for _ in range(2)]
        assert (send_units(small).status_code, small.get("/readyz").status_code) == (503, 404)
        for connection in held:
            connection.close()
    assert send_units(small).status_code == 200


@only_postgresql
def test_a_group_that_an_outsider_locks_is_503_and_the_others_are_not(
    app_with: Callable[..., World], postgres_url: str
) -> None:
    hasty = app_with(DB_LOCK_TIMEOUT=0.2)
    with psycopg.connect(postgres_url) as outsider:
        outsider.execute("SELECT 1 FROM groups WHERE id = %s FOR UPDATE", (hasty.group,))
        waited = send_units(hasty)
        token = hasty.token_for("entity1-all")
        beside = hasty.post(
            "/units/multiple", {"group_external_ref": "south-tower", "units": UNITS}, token
        )

    assert (waited.status_code, waited.headers["Retry-After"]) == (503, "1")
    assert beside.status_code == 200
    assert send_units(hasty).status_code == 200


def settings_in_transaction(world: World) -> dict[str, str]:
    """Answer the time limits that a transaction of the service has."""
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    with world.app.app_context(), db.engine.connect() as connection:
        return {name: str(connection.execute(text(f"SHOW {name}")).scalar()) for name in names}


@only_postgresql
@pytest.mark.parametrize("pgbouncer", [False, True])
def test_time_limits_hold_in_every_transaction(
    app_with: Callable[..., World], pgbouncer: bool
) -> None:
    limited = app_with(DB_LOCK_TIMEOUT=1.5, DB_STATEMENT_TIMEOUT=7, PGBOUNCER=pgbouncer)
    limits = {
        "lock_timeout": "1500ms",
        "statement_timeout": "7s",
        "idle_in_transaction_session_timeout": "1min",
    }

    assert settings_in_transaction(limited) == limits
    with limited.statements() as seen:
        assert send_units(limited).status_code == 200
    assert len([s for s in seen if "set_config" in s]) == int(pgbouncer)


@only_postgresql
def test_behind_a_pooler_nothing_stays_in_the_session(app_with: Callable[..., World]) -> None:
    pooled = app_with(DB_LOCK_TIMEOUT=1.5, PGBOUNCER=True)
    send_units(pooled)
    with pooled.app.app_context(), db.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver.prepare_threshold is None  # type: ignore[union-attr]
        driver.autocommit = True  # type: ignore[union-attr]
        shown = driver.execute("SHOW lock_timeout").fetchone()  # type: ignore[union-attr]
        assert shown == ("0",)
        prepared = driver.execute("SELECT count(*) FROM pg_prepared_statements")  # type: ignore[union-attr]
        assert prepared.fetchone() == (0,)


def test_what_the_url_says_stands() -> None:
    url = "postgresql://h/d?connect_timeout=9&options=-c%20statement_timeout%3D1"
    arguments = engine_options(config_for(url))["connect_args"]

    assert "connect_timeout" not in arguments
    assert arguments["tcp_user_timeout"] == 5000
    # The last one counts.
    assert arguments["options"].endswith("-c statement_timeout=1")


def test_there_are_as_many_connections_as_the_setting_says_and_no_more() -> None:
    for url in ("postgresql://h/d", "sqlite:////tmp/x.sqlite3"):
        options = engine_options(config_for(url, DB_POOL_SIZE=7))
        assert (options["pool_size"], options["max_overflow"]) == (7, 0)
    assert "pool_size" not in engine_options(config_for("sqlite://"))
