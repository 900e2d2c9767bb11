"""Bulk requests: every contestant in turn, round by round, over the same refilled group."""

import gc
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from bench import floor_postgresql, floor_sqlite
from bench.registry import GROUP, Registry
from bench.servers import BULK, UNITS_PATH, Contestant, Server, running
from bench.workload import KINDS, Record, body, expected, record, request_rows

FLOOR = "floor"
WARM_UP = 100
ORM_UP_TO = 1_000
"""Requests of more units than this go to the ORM peers only once, and only if mixed."""
ORM_NEVER_ABOVE = 10_000

Say = Callable[[str], None]


class Sample(NamedTuple):
    """One measurement, in seconds; ``cpu`` is that of the server and of the database's backends."""

    wall: float
    cpu: float


class Job(NamedTuple):
    """A request to measure: the bytes for the servers, the records for the floor."""

    kind: str
    size: int
    body: bytes
    records: Sequence[Record]


Key = tuple[str, int, str]
"""Contestant, size, kind."""


@dataclass
class Results:
    """All samples of one engine."""

    engine: str
    samples: dict[Key, list[Sample]] = field(default_factory=dict)

    def add(self, name: str, job: Job, sample: Sample) -> None:
        """Keep a sample."""
        self.samples.setdefault((name, job.size, job.kind), []).append(sample)

    def median(self, name: str, size: int, kind: str) -> Sample | None:
        """Answer the medians of wall and CPU time, None where nothing was measured."""
        found = self.samples.get((name, size, kind))
        if not found:
            return None
        return Sample(*(statistics.median(column) for column in zip(*found, strict=True)))

    def ratio(self, upper: Key, lower: Key) -> Sample | None:
        """Answer the ratios of two medians."""
        above, below = self.median(*upper), self.median(*lower)
        if above is None or below is None:
            return None
        return Sample(above.wall / below.wall, above.cpu / below.cpu)


def measure(registry: Registry, sizes: Sequence[int], rounds: int, say: Say) -> Results:
    """Measure all sizes and kinds with all contestants."""
    results = Results(registry.database.engine)
    with ExitStack() as stack:
        servers = {c: stack.enter_context(running(c, registry)) for c in BULK}
        for server in servers.values():
            run_server(registry, server, prepare("mixed", WARM_UP))
        run_floor(registry, prepare("mixed", WARM_UP))
        for size, kind in ((size, kind) for size in sizes for kind in KINDS):
            job = prepare(kind, size)
            for number in range(rounds):
                say(f"{results.engine}: {size:,} units, {kind}, round {number + 1} of {rounds}")
                results.add(FLOOR, job, run_floor(registry, job))
                for contestant in taking_part(servers, job, number):
                    sample = run_server(registry, servers[contestant], job)
                    results.add(contestant.name, job, sample)
    registry.empty(GROUP)
    return results


def taking_part(contestants: Iterable[Contestant], job: Job, number: int) -> Iterator[Contestant]:
    """Yield who is measured in this round; a large request takes the ORM peers up to a minute."""
    for contestant in contestants:
        small = job.size <= ORM_UP_TO
        once = job.size <= ORM_NEVER_ABOVE and job.kind == "mixed" and number == 0
        if not contestant.is_orm or small or once:
            yield contestant


def prepare(kind: str, size: int) -> Job:
    """Answer a job; what the floor needs is made beforehand."""
    rows = list(request_rows(kind, size))
    return Job(kind, size, body(GROUP, rows), [record(row) for row in rows])


def run_floor(registry: Registry, job: Job) -> Sample:
    """Refill the group, let the floor do the job, and check that it did."""
    database = registry.database
    upsert = floor_sqlite.upsert if database.engine == "sqlite" else floor_postgresql.upsert
    registry.refill(job.kind, job.size)
    gc.collect()
    gc.disable()
    database.start_cpu()
    wall, cpu = time.perf_counter(), time.process_time()
    answer = upsert(database.connection, registry.organization_id, registry.group_id, job.records)
    sample = Sample(time.perf_counter() - wall, time.process_time() - cpu)
    backend = database.stop_cpu()
    gc.enable()
    created = sum(bool(row[0]) for row in answer)
    if (created, len(answer)) != (expected(job.kind, job.size)["created"], job.size):
        raise SystemExit(f"The floor did {created} of {len(answer)} rows wrong.")
    check_group(registry, FLOOR, job)
    return sample._replace(cpu=sample.cpu + backend)


def run_server(registry: Registry, server: Server, job: Job) -> Sample:
    """Refill the group, let a server do the job, and check that it did."""
    registry.refill(job.kind, job.size)
    registry.database.start_cpu()
    cpu = server.cpu()
    answer = server.post(UNITS_PATH, job.body)
    cpu = server.cpu() - cpu + registry.database.stop_cpu()
    check_answer(server.name, answer.status, answer.content, job)
    check_group(registry, server.name, job)
    return Sample(answer.seconds, cpu)


def check_answer(name: str, status: int, content: bytes, job: Job) -> None:
    """End the run unless every row met the fate that it should."""
    counts = None
    if status == 200:
        counts = Counter(row.get("action") for row in orjson.loads(content)["units"])
    if counts != Counter(expected(job.kind, job.size)):
        raise SystemExit(f"{name}: {status} {counts} for {job.size} {job.kind}: {content[:500]!r}")


def check_group(registry: Registry, name: str, job: Job) -> None:
    """End the run unless the group has as many units as it should."""
    ((count,),) = registry.database.sql(
        "SELECT COUNT(*) FROM units WHERE organization_id = ? AND group_id = ?",
        registry.organization_id,
        registry.group_id,
    )
    if count != job.size:
        raise SystemExit(f"{name} left {count} units instead of {job.size}.")
