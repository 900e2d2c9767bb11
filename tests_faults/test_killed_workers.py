"""A worker is killed in the middle of a request, at every point where that could hurt."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests_faults.clients import Answer
from tests_faults.databases import wait_until
from tests_faults.load import CLIENTS, Load
from tests_faults.registry import Registry
from tests_faults.servers import serving

POINTS = ("before_lock", "after_lock", "after_first_write", "before_commit", "after_commit")
TIMES = 6
"""How often at each point: 30 kills on each engine."""


def test_only_requests_in_flight_fail_and_nothing_is_half_written(
    registry: Registry, folder: Path, tell: Callable[[str], None]
) -> None:
    kills: list[tuple[float, float]] = []
    with serving(registry.url, folder) as server:
        load = Load(registry, [server])
        with load.running():
            for point in POINTS * TIMES:
                load.wait_for_more(20)
                doomed = set(server.workers())
                ordered = kill_at(point, folder)
                wait_until(lambda doomed=doomed: doomed - set(server.workers()), "one is dead")
                kills.append((ordered, time.monotonic()))
                wait_until(lambda: len(server.workers()) == 2, "another has taken its place")

    tell(f"{len(kills)} kills; {load.figures()}")
    assert load.violations() == []
    assert registry.is_sound()
    assert server.deaths() == ["SIGKILL"] * len(kills), "nobody dies of anything else"
    assert {failure.status for failure in load.failures()} == {0}, "no answer, but never a 5xx"
    assert all(is_in_flight(failure, kills) for failure in load.failures())
    assert len(load.failures()) <= len(kills) * CLIENTS


def kill_at(point: str, folder: Path) -> float:
    """Kill the next worker that comes to the point; answers when that was."""
    kill = folder / "kill"
    kill.unlink(missing_ok=True)
    (folder / f"kill-at-{point}").touch()
    wait_until(lambda: kill.exists() and kill.read_text(), f"somebody came to {point}")
    return float(kill.read_text())


def is_in_flight(failure: Answer, kills: Iterable[tuple[float, float]]) -> bool:
    """Tell whether somebody was killed while the request was under way."""
    return any(failure.began <= gone and ordered <= failure.ended for ordered, gone in kills)
