"""PostgreSQL is killed, or stopped for a while, under everybody's feet."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests_faults.clients import Answer, ask
from tests_faults.databases import PostgreSQL, wait_until
from tests_faults.load import Load
from tests_faults.registry import Registry
from tests_faults.servers import Server, serving

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
KILLS = 10
STOPPED_FOR = 10.0
NOTICED_WITHIN = 10.0
"""Seconds; two on a quiet machine."""
BACK_WITHIN = 60.0
"""Seconds after PostgreSQL is back; a second on a quiet machine."""


def test_ten_sudden_deaths_of_postgresql_lose_nothing(
    registry: Registry, postgresql: PostgreSQL, folder: Path, tell: Callable[[str], None]
) -> None:
    with serving(registry.url, folder) as server:
        workers = server.workers()
        load = Load(registry, [server])
        with load.running(), watched(server, "/healthz") as health:
            for _ in range(KILLS):
                wait_for_success(load)
                postgresql.kill()
                postgresql.start()
            wait_for_success(load)
        assert server.workers() == workers, "nobody had to be started again"

    tell(load.figures())
    assert load.violations() == []
    assert {failure.status for failure in load.failures()} == {503}
    assert {answer.status for answer in health} == {200}


def test_ten_seconds_without_postgresql_are_told_and_survived(
    registry: Registry, postgresql: PostgreSQL, folder: Path, tell: Callable[[str], None]
) -> None:
    with serving(registry.url, folder) as server:
        workers = server.workers()
        load = Load(registry, [server])
        with (
            load.running(),
            watched(server, "/healthz") as health,
            watched(server, "/readyz") as readiness,
        ):
            wait_for_success(load)
            gone = time.monotonic()
            postgresql.stop()
            try:
                noticed = wait_until(
                    lambda: any_is(readiness, 503, gone), "/readyz tells", NOTICED_WITHIN
                )
                time.sleep(STOPPED_FOR)
            finally:
                postgresql.start()
            back = time.monotonic()
            again = wait_until(
                lambda: any_is(readiness, 200, back), "/readyz tells again", BACK_WITHIN
            )
            wait_for_success(load)
        assert server.workers() == workers, "nobody had to be started again"

    tell(f"/readyz 503 after {noticed:.1f} s, 200 after {again:.1f} s; {load.figures()}")
    assert load.violations() == []
    assert {failure.status for failure in load.failures()} == {503}
    assert all(failure.headers["Retry-After"] for failure in load.failures())
    assert {answer.status for answer in health} == {200}
    assert {answer.status for answer in readiness} == {200, 503}


def wait_for_success(load: Load) -> None:
    """Return once clients are served that began after this call."""
    now = time.monotonic()
    wait_until(
        lambda: sum(a.status in (200, 201) and a.began > now for a in load.answers[-50:]) >= 20,
        "clients are served",
        BACK_WITHIN,
    )


@contextmanager
def watched(server: Server, path: str) -> Iterator[list[Answer]]:
    """Ask for a path again and again while the block runs; answers a growing list of answers."""
    answers: list[Answer] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            answers.append(ask(server.port, path))
            done.wait(0.1)

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(watch)
        try:
            yield answers
        finally:
            done.set()
        job.result()


def any_is(answers: list[Answer], status: int, after: float) -> bool:
    """Tell whether a request that began after a moment was answered like this."""
    return any(answer.status == status and answer.began > after for answer in answers)
