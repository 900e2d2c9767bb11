"""Measure the address key: `python -m bench.addresses [--write docs/addresses.md]`.

With `--write`, the tables are put between the `bench` marks of a Markdown file.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from app.units.addresses import address_key, forget
from bench.respell import respellings

ROOT = Path(__file__).parents[1]
PAIRS = ROOT / "tests" / "units" / "address_pairs.json"
REAL = ROOT / "demo" / "addresses_us.ndjson"
SETS = ("tuned", "held_out", "later", "examined", "attacked", "blind")
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def labelled_pairs() -> list[dict[str, Any]]:
    """Answer the labelled pairs: country, set, label, and two addresses as keyword arguments."""
    pairs: list[dict[str, Any]] = json.loads(PAIRS.read_text(encoding="utf-8"))
    return pairs


def real_addresses() -> list[dict[str, Any]]:
    """Answer the real addresses in the order of their lines."""
    return [json.loads(line)["address"] for line in REAL.read_text(encoding="utf-8").splitlines()]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Answer a Markdown table."""
    lines = [list(map(str, head)), ["---", *["---:"] * (len(head) - 1)]]
    lines += [list(map(str, row)) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def judged() -> Counter[tuple[str, str, str, bool]]:
    """Count the pairs by country, set, label and whether their keys are equal."""
    return Counter(
        (
            pair["country"],
            pair["set"],
            pair["label"],
            address_key(**pair["first"]) == address_key(**pair["second"]),
        )
        for pair in labelled_pairs()
    )


def _score(counts: Counter[tuple[str, str, str, bool]], country: str, name: str) -> list[str]:
    """Answer pairs, precision and recall of one country and set; `all` is every country."""

    def count(label: str, equal: bool) -> int:
        return sum(
            number
            for key, number in counts.items()
            if key[0] == country or country == "all"
            if key[1:] == (name, label, equal)
        )

    found, false, missed = count("same", True), count("different", True), count("same", False)
    pairs = found + false + missed + count("different", False)
    if not pairs:
        return ["0", "", ""]
    precision = f"{found / (found + false):.3f}" if found + false else ""
    recall = f"{found / (found + missed):.3f}" if found + missed else ""
    return [str(pairs), precision, recall]


def pairs_table() -> str:
    """Answer precision and recall over the labelled pairs, by country, tuned and held out apart."""
    counts = judged()
    countries = [*dict.fromkeys(key[0] for key in counts), "all"]
    head = ["country"]
    for name in SETS:
        head += [name.replace("_", " "), "precision", "recall"]
    rows = [
        [country, *(part for name in SETS for part in _score(counts, country, name))]
        for country in countries
    ]
    return table(head, rows)


def respelling_table() -> str:
    """Answer how many real addresses keep their key in each respelling."""
    kept: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for address in real_addresses():
        key = address_key(address)
        for name, (other, unit_number) in respellings(address):
            tried[name] += 1
            kept[name] += address_key(other, unit_number) == key
    rows = [[name, tried[name], f"{kept[name] / tried[name]:.4f}"] for name in tried]
    rows.append(["all", sum(tried.values()), f"{sum(kept.values()) / sum(tried.values()):.4f}"])
    return table(["respelling", "addresses", "recall"], rows)


def speed_rows() -> dict[str, list[dict[str, Any]]]:
    """Answer the rows to time: real addresses, many streets, one building, German text."""
    real = real_addresses()
    streets = [
        {**address, "address_line_1": f"{number}{address['address_line_1'] or ''}"}
        for number in range(1, 11)
        for address in real
    ]
    flats = [
        {"address_line_1": "1200 North Main Street", "address_line_2": f"Apt {number}",
         "city": "Springfield", "state": "Illinois", "postal_code": "62701", "country": "US"}
        for number in range(10_000)
    ]  # fmt: skip
    german = [
        {"address_line_1": f"Königstr. {number}", "address_line_2": "3. OG links", "city": "Köln",
         "postal_code": "50667", "country": "Deutschland"}
        for number in range(10_000)
    ]  # fmt: skip
    return {
        "real addresses, each once": real,
        "10,550 different streets": streets,
        "10,000 flats of one building": flats,
        "10,000 German doors with umlauts": german,
    }


def _rate(addresses: Sequence[dict[str, Any]], rounds: int = 5) -> float:
    """Answer keys a second of processor time, the best of some rounds, each with empty caches."""
    best = 0.0
    for _ in range(rounds):
        forget()
        start = time.process_time()
        for address in addresses:
            address_key(address)
        best = max(best, len(addresses) / (time.process_time() - start))
    return best


def speed_table() -> str:
    """Answer keys a second on one core, for typical rows and for hostile text."""
    rows = [[name, f"{_rate(addresses):,.0f}"] for name, addresses in speed_rows().items()]
    return table(["rows", "keys a second"], rows)


def report() -> str:
    """Answer all tables."""
    return "\n".join(
        [
            "Labelled pairs:\n",
            pairs_table(),
            "Real addresses, respelt:\n",
            respelling_table(),
            "Speed, one core:\n",
            speed_table(),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables, and put them into a file if asked."""
    parser = argparse.ArgumentParser(description="Measure the address key.")
    parser.add_argument("--write", type=Path, metavar="FILE", help="Markdown file with bench marks")
    asked = parser.parse_args(arguments)
    text = report()
    sys.stdout.write(text)
    if asked.write:
        page = asked.write.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        asked.write.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
