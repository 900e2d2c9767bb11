"""Peak memory of a fresh worker for one request, above what it held before (Linux only)."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.clocks import held_memory, peak_memory
from bench.jobs import ORM_NEVER_ABOVE, WARM_UP, check_answer, prepare
from bench.registry import Registry
from bench.servers import BULK, UNITS_PATH, Contestant, running

SIZES = (10_000, 100_000)


@dataclass
class Peaks:
    """Peak memory of one engine's contestants: idle bytes and bytes above, by name and size."""

    engine: str
    idle: dict[tuple[str, int], int] = field(default_factory=dict)
    above: dict[tuple[str, int], int] = field(default_factory=dict)

    def per_unit(self, name: str, size: int) -> float | None:
        """Answer the KB a unit above the idle worker, None where nothing was measured."""
        found = self.above.get((name, size))
        return None if found is None else found / 1024 / size


def measure(registry: Registry, sizes: Sequence[int], say: Callable[[str], None]) -> Peaks:
    """Measure all contestants with mixed requests of ``sizes``, each with a fresh worker."""
    peaks = Peaks(registry.database.engine)
    if sys.platform != "linux":
        return peaks
    for size in sizes:
        for contestant in BULK:
            if not contestant.is_orm or size <= ORM_NEVER_ABOVE:
                say(f"{peaks.engine}: peak memory, {size:,} units, {contestant.name}")
                measure_one(registry, contestant, size, peaks)
    return peaks


def measure_one(registry: Registry, contestant: Contestant, size: int, peaks: Peaks) -> None:
    """Measure one worker, which has answered one small request before."""
    with running(contestant, registry) as server:
        for job in (prepare("mixed", WARM_UP), prepare("mixed", size)):
            registry.refill(job.kind, job.size)
            before = held_memory(server.pids)
            answer = server.post(UNITS_PATH, job.body)
            check_answer(contestant.name, answer.status, answer.content, job)
        peaks.idle[contestant.name, size] = before
        peaks.above[contestant.name, size] = peak_memory(server.pids) - before
