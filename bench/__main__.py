"""``python -m bench``: measure the registry beside its peers and print a table of ratios."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import jobs, memory, report, singles, stream
from bench.check import check
from bench.databases import ENGINES, open_database
from bench.registry import set_up
from bench.targets import Measured

PARTS = ("jobs", "memory", "singles")


def listed(kind: Callable[[str], int | str]) -> Callable[[str], list[int | str]]:
    """Answer a type for argparse: values with commas between."""
    return lambda text: [kind(part) for part in text.replace("_", "").split(",")]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Answer the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("--sizes", type=listed(int), default=[1_000, 10_000, 100_000], help="units a request")
    add("--rounds", type=int, default=5, help="rounds of which the medians are taken")
    add("--engines", type=listed(str), default=list(ENGINES), help="sqlite,postgresql")
    add("--parts", type=listed(str), default=list(PARTS), help="jobs,memory,singles")
    add("--seconds", type=float, default=5.0, help="length of a load of single upserts")
    add("--ndjson", action="store_true", help="measure NDJSON too, up to 1,000,000 units")
    add("--ndjson-sizes", type=listed(int), default=list(stream.SIZES), help="units a stream")
    add("--write", type=Path, metavar="FILE", help="write the report, as docs/performance.md")
    add("--quick", action="store_true", help="small sizes, one round: does it run?")
    options = parser.parse_args(arguments)
    unknown = {*options.engines} - {*ENGINES} | {*options.parts} - {*PARTS}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    options.memory_sizes = list(memory.SIZES)
    if options.quick:
        options.sizes, options.rounds, options.seconds = [200, 1_000], 1, 1.0
        options.memory_sizes, options.ndjson_sizes = [1_000], [500, 1_000, 3_000]
    return options


def measure(engine: str, options: argparse.Namespace) -> Measured:
    """Answer what was measured on one engine, after everybody was found to do the same."""
    with open_database(engine) as database:
        say(f"{engine} {database.version}: migrate and provision")
        registry = set_up(database)
        say(f"{engine}: do all leave the same rows?")
        check(registry)
        measured = Measured(engine, database.version)
        if options.ndjson:
            measured.flows = stream.measure(registry, options.ndjson_sizes, say)
        if "jobs" in options.parts:
            measured.results = jobs.measure(registry, options.sizes, options.rounds, say)
        if "memory" in options.parts:
            measured.peaks = memory.measure(registry, options.memory_sizes, say)
        if "singles" in options.parts:
            measured.rates = singles.measure(registry, options.rounds, options.seconds, say)
    return measured


def say(text: str) -> None:
    """Tell on stderr what is being done."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Measure, print, and write the report if asked to."""
    options = parse(sys.argv[1:])
    # Ended from outside, it still stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    run = report.Run.begin(f"python -m bench {' '.join(sys.argv[1:])}".strip(), options.rounds)
    measured = [measure(engine, options) for engine in options.engines]
    text = report.render(run, measured)
    print(text)
    if options.write:
        report.write(options.write, text)


if __name__ == "__main__":
    main()
