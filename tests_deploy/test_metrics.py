"""Figures of all workers add up, survive the end of a worker, and feed every panel and alert."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests_deploy.conftest import Site
from tests_deploy.processes import Server, get

ROUTE = 'registry_http_requests_total{method="GET",route="/api/v1.0/groups",status="200"}'
REQUESTS = 200


def workers_of(server: Server) -> list[int]:
    """Answer the pids of the server's workers."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def metrics_folder(server: Server) -> Path:
    """Answer where the server's workers keep their figures: they hold the files open."""
    maps = Path(f"/proc/{workers_of(server)[0]}/maps").read_text()
    return next(Path(line.split()[-1]).parent for line in maps.splitlines() if "counter_" in line)


def wait_for(is_so: Callable[[], bool]) -> None:
    """Return once ``is_so``."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def total(site: Site) -> float:
    return sum(server.metrics().get(ROUTE, 0) for server in site.servers)


def test_the_figures_of_all_workers_add_up_to_the_requests_that_were_sent(site: Site) -> None:
    before = total(site)
    for _ in range(REQUESTS):
        assert get(site.port, "/api/v1.0/groups", site.headers)[0] == 200

    assert total(site) - before == REQUESTS
    assert total(site) - before == REQUESTS  # Whichever worker is asked.


def test_figures_outlive_their_worker_and_its_files_do_not_pile_up(site: Site) -> None:
    server = site.servers[0]
    headers = site.headers
    for _ in range(20):
        assert get(server.port, "/api/v1.0/groups", headers)[0] == 200
    before = server.metrics()[ROUTE]

    for _ in range(3):
        old = workers_of(server)
        os.kill(old[0], signal.SIGKILL)
        wait_for(lambda old=old: len(workers_of(server)) == 2 and workers_of(server) != old)  # type: ignore[misc]
    wait_for(lambda: get(server.ops_port, "/readyz")[0] == 200)

    assert server.metrics()[ROUTE] == before
    assert len(list(metrics_folder(server).glob("counter_*.db"))) <= 4
