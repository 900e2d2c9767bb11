"""The database is away, or busy with somebody else: 503 and Retry-After, never 500."""

import sqlite3
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy.exc import IntegrityError, OperationalError

from app import create_app
from app.db import RETRY_PAUSES, db, transactional
from tests.fixtures import MIGRATIONS, config_for
from tests.world import API, World


@pytest.fixture(name="away")
def _away() -> Flask:
    return create_app(config_for("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2"))


def test_without_a_database_the_process_lives_but_is_not_ready(away: Flask, world: World) -> None:
    http = away.test_client()

    answers = [
        http.get("/readyz"),
        http.get(f"{API}/units/1", headers=world.headers()),
        http.get(f"{API}/itemUnits/1", headers=world.headers()),
    ]

    assert http.get("/healthz").status_code == 200
    assert [answer.status_code for answer in answers] == [503] * 3
    assert [answer.headers["Retry-After"] for answer in answers] == ["1"] * 3
    assert answers[1].json["error"]["type"] == "temporarily_unavailable"
    assert answers[2].json["error"] == "temporarily_unavailable"
    assert b"127.0.0.1" not in b"".join(answer.data for answer in answers)


def test_a_lock_held_by_somebody_else_is_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/busy.sqlite3"
    app = create_app(config_for(url, DB_LOCK_TIMEOUT=0.1))
    with app.app_context():
        upgrade(MIGRATIONS)
    world = World(app)
    monkeypatch.setattr("app.db.RETRY_DEADLINE", 0.0)
    other = sqlite3.connect(tmp_path / "busy.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with app.app_context():
        answer = world.post_units([{"identifier": "A"}])
        read = world.get("/units/1")
    other.close()

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert read.status_code == 404
    assert world.post_units([{"identifier": "A"}]).status_code == 200
    with app.app_context():
        db.engine.dispose()


class FakeDriverError(Exception):
    """What a driver raises when the server gives up a transaction."""

    sqlstate = "40P01"


@pytest.mark.parametrize("failures", [0, 1, len(RETRY_PAUSES)])
def test_a_transaction_that_met_another_one_runs_again(app: Flask, failures: int) -> None:
    runs = []

    @transactional
    def work() -> int:
        runs.append(None)
        if len(runs) <= failures:
            raise OperationalError("SELECT 1", {}, FakeDriverError())
        return len(runs)

    with app.app_context():
        assert work() == failures + 1


def test_it_gives_up_after_four_more_attempts(app: Flask) -> None:
    runs = []

    @transactional
    def work() -> None:
        runs.append(None)
        raise IntegrityError("INSERT", {}, FakeDriverError())

    with app.app_context(), pytest.raises(IntegrityError):
        work()
    assert len(runs) == 1 + len(RETRY_PAUSES)


def test_another_error_is_not_tried_again(app: Flask) -> None:
    runs = []

    @transactional
    def work() -> None:
        runs.append(None)
        raise RuntimeError

    with app.app_context(), pytest.raises(RuntimeError):
        work()
    assert len(runs) == 1
