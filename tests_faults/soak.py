"""``make soak``: hours of mixed load in miniature, and what it does to memory, files and connections.

Workers are recycled all the while (gunicorn's ``max_requests``), as an operator might have it. Ends
with 1 if a promise was broken, a request failed, or something has grown by more than a tenth since the
second sixth of the time.
"""

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psutil

from tests_faults.databases import postgresql, sqlite_file
from tests_faults.load import Load
from tests_faults.registry import Registry, registry_at
from tests_faults.servers import Server, serving

EVERY = 5.0
"""Seconds between two samples."""

GROWTH = 1.10


class Sample(NamedTuple):
    """What a server's processes hold; ``memory`` is the mean resident MiB of a worker."""

    memory: float
    files: int
    connections: int


def main() -> int:
    """Run the soak; answers the exit code."""
    parser = argparse.ArgumentParser(prog="make soak ARGS=", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--max-requests", type=int, default=5000)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgresql()) if options.engine == "postgresql" else None
        place = server.database() if server else sqlite_file()
        registry = stack.enter_context(registry_at(stack.enter_context(place)))
        limit = f"--max-requests={options.max_requests} --max-requests-jitter=500"
        service = stack.enter_context(serving(registry.url, folder, GUNICORN_CMD_ARGS=limit))
        load = Load(registry, [service])
        with load.running():
            samples = watch(registry, service, options.minutes * 60)
        faults = [*grown(samples), *map(str, load.violations()[:10])]
        faults += [f"{len(load.failures())} requests failed"] * bool(load.failures())
    say(load.figures())
    say("\n".join(faults) or "No violation, nothing has grown.")
    return 1 if faults else 0


def watch(registry: Registry, server: Server, seconds: float) -> list[Sample]:
    """Take samples for so many seconds, and show one a minute."""
    samples: list[Sample] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(EVERY, max(0.0, end - time.monotonic())))
        samples.append(take(registry, server))
        if len(samples) % 12 == 1:
            say(f"{samples[-1]}")
    return samples


def take(registry: Registry, server: Server) -> Sample:
    """Look at all processes of a server and at the database's connections."""
    memory, files = [], 0
    for worker in server.workers():
        try:
            memory.append(worker.memory_info().rss / 2**20)
            files += worker.num_fds()
        except psutil.NoSuchProcess:
            continue
    connections = 0
    if registry.engine == "postgresql":
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        connections = int(registry.sql(count)[0][0])
    return Sample(round(statistics.fmean(memory or [0]), 1), files, connections)


def grown(samples: list[Sample]) -> list[str]:
    """Answer what is higher in the last third than in the second sixth of the time."""
    sixth = max(1, len(samples) // 6)
    early, late = samples[sixth : 2 * sixth], samples[-2 * sixth :]
    told = []
    for name in Sample._fields:
        before = statistics.median(getattr(sample, name) for sample in early or samples)
        after = statistics.median(getattr(sample, name) for sample in late)
        say(f"{name}: {before} early, {after} late")
        if after > before * GROWTH + 1:
            told.append(f"{name} has grown from {before} to {after}")
    return told


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
