"""What the bulk path must show, and whether it does."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bench.jobs import FLOOR, Results, Sample
from bench.memory import Peaks
from bench.servers import DJANGO_PEER, ORM_PEER, SERVICE, SET_PEER, TOKEN_ONLY
from bench.singles import Rates
from bench.stream import Flows

MIB = 2**20
TEN = 10_000
OURS = SERVICE.name


@dataclass
class Measured:
    """What one engine's part of a run measured; None for what was left out."""

    engine: str
    version: str
    results: Results | None = None
    peaks: Peaks | None = None
    rates: Rates | None = None
    flows: Flows | None = None


class Verdict(NamedTuple):
    """A target and the figure against it; ``figure`` is None where it was not measured."""

    what: str
    at_least: bool
    limit: float
    figure: float | None
    wall: float | None = None
    """The same by wall-clock time, where ``figure`` is CPU time."""

    @property
    def met(self) -> bool | None:
        """Tell whether the target was met."""
        if self.figure is None:
            return None
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit


def judge(measured: Measured) -> Iterator[Verdict]:
    """Yield the verdict on each target."""
    if measured.results:
        yield from judge_jobs(measured.results)
    if measured.peaks:
        for size in sorted({size for _, size in measured.peaks.above}):
            figure = measured.peaks.per_unit(OURS, size)
            yield Verdict(f"peak memory, {size:,} units, KB a unit", False, 5, figure)
    if measured.rates:
        yield from judge_singles(measured.rates)
    if measured.flows:
        yield from judge_flows(measured.flows)


def judge_jobs(results: Results) -> Iterator[Verdict]:
    """Yield the verdicts on bulk requests: by CPU time, wall-clock time beside it."""
    mixed = (OURS, TEN, "mixed")
    floor = (FLOOR, TEN, "mixed")
    yield by_cpu("10k mixed ÷ floor", False, 2, results.ratio(mixed, floor))
    unchanged = results.ratio((OURS, TEN, "unchanged"), floor)
    yield by_cpu("10k unchanged ÷ the same floor", False, 0.8, unchanged)
    for size, least in ((1_000, 25), (TEN, 50)):
        for peer in (ORM_PEER, DJANGO_PEER):
            ratio = results.ratio((peer.name, size, "mixed"), (OURS, size, "mixed"))
            yield by_cpu(f"{size:,} mixed, {peer.name} ÷ service", True, least, ratio)
    ratio = results.ratio((SET_PEER.name, TEN, "mixed"), mixed)
    yield by_cpu("10k mixed, FastAPI set-based ÷ service", True, 1, ratio)
    ratio = results.ratio((OURS, 10 * TEN, "mixed"), mixed)
    yield by_cpu("100k mixed ÷ 10k mixed", False, 12, ratio)


def by_cpu(what: str, at_least: bool, limit: float, ratio: Sample | None) -> Verdict:
    """Answer the verdict on a ratio."""
    if ratio is None:
        return Verdict(what, at_least, limit, None)
    return Verdict(what, at_least, limit, ratio.cpu, ratio.wall)


def judge_singles(rates: Rates) -> Iterator[Verdict]:
    """Yield the verdicts on single upserts."""
    ours, token = rates.median(OURS), rates.median(TOKEN_ONLY.name)
    peer = rates.median(ORM_PEER.name)
    if ours and token:
        figure = ours.python_cpu / token.python_cpu
        yield Verdict("single upsert ÷ token check, Python CPU", False, 2.5, figure)
    if ours and peer and rates.engine == "postgresql":
        figure = ours.per_second / peer.per_second
        yield Verdict("single upserts a second ÷ FastAPI ORM", True, 4, figure)


def judge_flows(flows: Flows) -> Iterator[Verdict]:
    """Yield the verdicts on NDJSON: memory on PostgreSQL only, time per unit on both."""
    sizes = sorted(flows.flows)
    small, middle, large = (flows.flows[sizes[place]] for place in (0, -2, -1))
    if flows.engine == "postgresql":
        grown = (large.peak - small.peak) / MIB
        yield Verdict(f"NDJSON, {sizes[-1]:,} above {sizes[0]:,} units, MiB", False, 16, grown)
    growth = sizes[-1] / sizes[-2]
    what = f"NDJSON, time a unit, {sizes[-1]:,} ÷ {sizes[-2]:,}"
    yield Verdict(
        what, False, 1.3, large.cpu / middle.cpu / growth, large.wall / middle.wall / growth
    )
