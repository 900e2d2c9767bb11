"""The tables: on the screen and in ``docs/performance.md``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from platform import python_version

from bench.clocks import describe_machine
from bench.jobs import FLOOR, Results, Sample
from bench.memory import Peaks
from bench.servers import BULK
from bench.singles import Rates
from bench.stream import Flows
from bench.targets import Measured, judge

MS = 1_000
MICRO = 1_000_000
MIB = 2**20
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
LINE = "Written by `{command}`; do not edit."

HOW = """\
- **floor**: the driver alone (`sqlite3`; psycopg with COPY) and set-based SQL over the registry's own
  tables and indexes. It checks nothing, its address keys are made beforehand, and it reads every
  attribute back.
- **service**: the registry as it ships, behind gunicorn, one worker, over HTTP.
- **FastAPI set-based**: the same design with nothing but FastAPI, msgspec, the driver and orjson.
  Like the floor it lets Python's collector of cyclic garbage rest meanwhile.
- **FastAPI ORM**, **DRF**: as such services are usually written, a query and a write per row, one
  commit, the library's defaults. They too have the address inline and the bathrooms as JSON; with a
  table for each, as a textbook has it, they would be slower.
- All do the same job over the same tables; before measuring, the run checks that they leave the same
  rows and tell the same story. All but the floor check a token. 20,000 units of other groups lie behind.
- *mixed*: 30 % matched by identifier, 20 % only by an address spelt differently, 50 % new; every
  matched unit changes. Before each request the group is refilled; that is not timed.
- Contestants take turns within each round; figures are medians. CPU time is that of the server and,
  on PostgreSQL, of the database's backends. The ORM peers do 10,000 units once, and mixed only.
- SQLite: WAL, `synchronous=FULL`, foreign keys on; all but the service, which runs as it ships, have a
  page cache of 64 MB. PostgreSQL: default settings with `fsync`, unless `BENCH_DATABASE_URL` names a
  server. The load of single upserts comes from a process of its own, on the same machine. SQLite works
  inside the server's process, so there *Python µs* has the database's work in it.
"""


@dataclass(frozen=True)
class Run:
    """How a run was made."""

    command: str
    rounds: int
    machine: str = ""
    started: str = ""

    @classmethod
    def begin(cls, command: str, rounds: int) -> "Run":
        """Answer a run that begins now."""
        started = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        return cls(command, rounds, describe_machine(), started)


def render(run: Run, parts: Sequence[Measured]) -> str:
    """Answer the whole report as Markdown."""
    versions = ", ".join(f"{NAMES[part.engine]} {part.version}" for part in parts)
    lines = [
        "# Performance",
        "",
        LINE.format(command=run.command),
        "",
        f"{run.started}; {run.machine}; Python {python_version()}, {versions}.",
        f"Medians of {run.rounds} rounds.",
        "",
        "## Targets",
        "",
        "By CPU time where wall-clock time stands beside it.",
        "",
        *targets(parts),
    ]
    for part in parts:
        lines += ["", f"## {NAMES[part.engine]}", "", *tables(part)]
    return "\n".join([*lines, "", "## How it was measured", "", HOW])


def targets(parts: Sequence[Measured]) -> Iterator[str]:
    """Yield the closing table: every target, its figure, met or not."""
    rows = []
    for part in parts:
        for verdict in judge(part):
            sign = "≥" if verdict.at_least else "≤"
            says = {True: "met", False: "**not met**", None: "not measured"}[verdict.met]
            rows.append(
                (
                    verdict.what,
                    NAMES[part.engine],
                    f"{sign} {verdict.limit:g}",
                    number(verdict.figure),
                    number(verdict.wall),
                    says,
                )
            )
    yield from table(("target", "engine", "wanted", "measured", "wall", "verdict"), rows)
    yield ""
    yield "`make test` asserts that the number of SQL statements does not depend on that of the rows."


def tables(part: Measured) -> Iterator[str]:
    """Yield all tables of one engine."""
    if part.results:
        yield from ["Ratios to the floor, CPU time (wall-clock time):", ""]
        yield from ratio_table(part.results)
        yield from ["", "CPU milliseconds (wall-clock milliseconds, rounds):", ""]
        yield from time_table(part.results)
    if part.peaks and part.peaks.above:
        yield from ["", "Peak memory of a fresh worker, above what it held when idle:", ""]
        yield from memory_table(part.peaks)
    if part.rates:
        yield from ["", "Single item-unit upserts, two workers, eight connections:", ""]
        yield from single_table(part.rates)
    if part.flows:
        yield from ["", "NDJSON, mixed, one run each:", ""]
        yield from flow_table(part.flows)


def jobs_of(results: Results) -> list[tuple[int, str]]:
    """Answer the sizes and kinds that were measured, in order."""
    return list(dict.fromkeys((size, kind) for _, size, kind in results.samples))


def ratio_table(results: Results) -> Iterator[str]:
    """Yield the table of ratios to the floor."""
    names = [contestant.name for contestant in BULK]
    rows = []
    for size, kind in jobs_of(results):
        floor = (FLOOR, size, kind)
        cells = [pair(results.ratio((name, size, kind), floor), 1, "x") for name in names]
        rows.append((f"{size:,}", kind, *cells))
    yield from table(("units", "kind", *names), rows)


def time_table(results: Results) -> Iterator[str]:
    """Yield the table of absolute times."""
    names = [FLOOR, *(contestant.name for contestant in BULK)]
    rows = []
    for size, kind in jobs_of(results):
        cells = []
        for name in names:
            count = len(results.samples.get((name, size, kind), ()))
            cells.append(pair(results.median(name, size, kind), MS, "", f", {count}"))
        rows.append((f"{size:,}", kind, *cells))
    yield from table(("units", "kind", *names), rows)


def memory_table(peaks: Peaks) -> Iterator[str]:
    """Yield the table of peak memory."""
    rows = []
    for (name, size), above in peaks.above.items():
        idle = peaks.idle[name, size] / MIB
        per_unit = number(peaks.per_unit(name, size))
        rows.append((f"{size:,}", name, f"{idle:.0f}", f"{above / MIB:.0f}", per_unit))
    yield from table(("units", "contestant", "idle MiB", "above MiB", "KB a unit"), rows)


def single_table(rates: Rates) -> Iterator[str]:
    """Yield the table of single upserts."""
    rows = []
    for name in rates.samples:
        rate = rates.median(name)
        if rate is None:
            continue
        cells = (rate.python_cpu * MICRO, rate.database_cpu * MICRO, rate.p50 * MS, rate.p99 * MS)
        rows.append((name, f"{rate.per_second:,.0f}", *(f"{cell:,.1f}" for cell in cells)))
    head = ("contestant", "requests/s", "Python µs", "database µs", "p50 ms", "p99 ms")
    yield from table(head, rows)


def flow_table(flows: Flows) -> Iterator[str]:
    """Yield the table of NDJSON requests."""
    rows = [
        (
            f"{size:,}",
            f"{f.cpu:.1f}",
            f"{f.wall:.1f}",
            f"{size / f.wall:,.0f}",
            f"{f.peak / MIB:.0f}",
        )
        for size, f in flows.flows.items()
    ]
    yield from table(("units", "CPU s", "wall s", "units/s", "peak MiB"), rows)


def pair(sample: Sample | None, factor: float, unit: str, more: str = "") -> str:
    """Answer a table cell: CPU time, and wall-clock time in brackets."""
    if sample is None:
        return "–"
    cpu, wall = number(sample.cpu * factor), number(sample.wall * factor)
    return f"{cpu}{unit} ({wall}{unit}{more})"


def number(value: float | None) -> str:
    """Answer a figure with as many digits as it deserves."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a Markdown table, its columns aligned for the screen."""
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"| {' | '.join(cells)} |"


def write(path: Path, report: str) -> None:
    """Write the report to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report)
