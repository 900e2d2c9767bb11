"""gunicorn is reloaded, and stopped, while everybody is busy."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests_faults.databases import wait_until
from tests_faults.history import UNKNOWN
from tests_faults.load import Load
from tests_faults.registry import Registry
from tests_faults.servers import serving

RELOADS = 10
"""Half of them while each request comes on a connection of its own."""


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("keep", [False, True], ids=["new connections", "kept connections"])
def test_a_reload_fails_nobody(
    registry: Registry, folder: Path, tell: Callable[[str], None], keep: bool
) -> None:
    with serving(registry.url, folder) as server:
        load = Load(registry, [server], keep=keep)
        with load.running():
            for _ in range(RELOADS // 2):
                load.wait_for_more()
                old = set(server.workers())
                server.signal(signal.SIGHUP)
                wait_until(lambda old=old: not old & set(server.workers()), "the old are gone")
                wait_until(lambda: len(server.workers()) == 2, "the new are there")
            load.wait_for_more()

    tell(f"{RELOADS // 2} reloads; {load.figures()}")
    assert load.failures() == []
    assert load.violations() == []
    assert server.deaths() == []


def test_a_stop_answers_all_that_it_has_begun(
    registry: Registry, folder: Path, tell: Callable[[str], None]
) -> None:
    with serving(registry.url, folder) as server:
        load = Load(registry, [server])
        with load.running():
            wait_until(lambda: len(load.answers) >= 100, "the load is on")
            stopped = server.stop()

    tell(load.figures())
    assert load.violations() == []
    # Who came too late was refused, or sent away before anything was done.
    assert {failure.status for failure in load.failures()} == {0}
    assert all(failure.ended >= stopped for failure in load.failures())
    written = {row.value for row in registry.stored()}
    unknown = [write for write in load.history.writes if write.outcome == UNKNOWN]
    assert [write for write in unknown if write.value in written] == []
