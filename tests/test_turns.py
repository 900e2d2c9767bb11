"""Who waits for SQLite's only writer looks the more often the longer it has waited."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import OperationalError

from app.turns import LONGEST_PAUSE, begin_writing


class Clock:
    """Time that passes only while somebody sleeps; ``release`` lets the other writer go at that time."""

    def __init__(self, other: sqlite3.Connection, release: float) -> None:
        self.now, self.pauses = 0.0, []
        self.other, self.release = other, release

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        if self.now >= self.release and self.other.in_transaction:
            self.other.execute("COMMIT")


@pytest.fixture(name="other")
def _other(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Answer somebody who writes."""
    connection = sqlite3.connect(tmp_path / "turns.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


@pytest.fixture(name="connection")
def _connection(tmp_path: Path, other: sqlite3.Connection) -> Iterator[Connection]:
    """Answer a connection that wants to write."""
    engine = create_engine(f"sqlite:///{tmp_path}/turns.sqlite3")
    with engine.connect() as connection:
        connection.connection.driver_connection.isolation_level = None
        connection.exec_driver_sql("PRAGMA busy_timeout=1234")
        yield connection
    engine.dispose()


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch, other: sqlite3.Connection) -> Clock:
    clock = Clock(other, release=2.0)
    monkeypatch.setattr("app.turns.time", clock)
    return clock


def test_a_writer_gets_its_turn_and_looks_more_and_more_often(
    connection: Connection, clock: Clock
) -> None:
    begin_writing(connection, patience=10)

    assert connection.connection.driver_connection.in_transaction
    assert 2.0 <= clock.now <= 2.001
    assert clock.pauses == sorted(clock.pauses, reverse=True)
    assert clock.pauses[0] == LONGEST_PAUSE
    assert clock.pauses[-1] < LONGEST_PAUSE / 10


def test_a_writer_gives_up_in_time(connection: Connection, clock: Clock) -> None:
    with pytest.raises(OperationalError, match="locked"):
        begin_writing(connection, patience=1)

    assert 1.0 <= clock.now <= 1.01


@pytest.mark.parametrize("patience", [1, 10])
def test_the_usual_time_out_of_the_connection_stays(
    connection: Connection, clock: Clock, patience: float
) -> None:
    try:
        begin_writing(connection, patience)
    except OperationalError:
        assert clock.now < 2
    assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 1234
