"""The address key on many addresses: the grid, the real addresses, hostile text."""

import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest

from app.units.addresses import address_key, canonical_fields, forget

HERE = Path(__file__).parent
DUPLICATES: dict[str, Any] = json.loads(
    (HERE / "address_duplicates.json").read_text(encoding="utf-8")
)
REAL = HERE.parents[1] / "demo" / "addresses_us.ndjson"


def of(line_1: str, line_2: str | None = None, **fields: str) -> dict[str, object]:
    """Answer an address in the United States, or where `fields` say."""
    return {"address_line_1": line_1, "address_line_2": line_2, "country": "US", **fields}


def test_no_two_doors_of_the_grid_share_a_key() -> None:
    numbers = ["1", "11", "12", "12A", "12-14", "12 1/2", "112", "21", "2"]
    streets = ["Main", "Court", "5th", "North", "St James", "Lake", "Lakes", "Park", "Avenue C"]
    types = ["", "Street", "Court", "Lane", "Avenue", "Drive", "Road", "Place", "Plaza", "Way"]
    directions = ["", "N", "S", "NW", "E"]
    units = ["", "Apt 1", "Apt 2", "Apt 12", "Ste 1", "Fl 1", "Bldg 1", "Bldg 1 Apt 2",
             "Bldg 2 Apt 1", "Lot 1", "Apt 1A", "Rear"]  # fmt: skip
    seen: dict[str, tuple[str, str]] = {}
    wrong = []
    grid = itertools.product(numbers, directions, streets, types, units)
    for number, direction, street, kind, unit in grid:
        line = " ".join(part for part in (number, direction, street, kind) if part)
        door = (line, unit)
        other = seen.setdefault(address_key(of(line, unit)), door)
        if other != door:
            wrong.append((other, door))
    assert len(seen) == len(numbers) * len(directions) * len(streets) * len(types) * len(units)
    assert len(seen) >= 30_000
    assert wrong == []


def test_only_true_duplicates_among_the_real_addresses_share_a_key() -> None:
    lines: dict[str, list[int]] = {}
    for number, line in enumerate(REAL.read_text(encoding="utf-8").splitlines(), 1):
        lines.setdefault(address_key(json.loads(line)["address"]), []).append(number)
    assert [group for group in lines.values() if len(group) > 1] == DUPLICATES["lines"]


HOSTILE = {
    "marks": "a" + "\u0301\u0316" * 5_000,
    "long": "Main Street " * 4_200,
    "levels": "apt 1 " * 8_000,
    "numbers": "1-" * 25_000,
    "digits": "1" * 50_000,
    "ligatures": "\ufdfa" * 16_000,
    "spaces": " " * 50_000,
    "surrogate": "\ud800" * 10_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("country", ["US", "DE", "ES", "PL", "AU", ""])
def test_hostile_text_costs_no_more_a_byte_than_plain_text(text: str, country: str) -> None:
    plain = "12 North Main Street, Apt 4, Springfield " * 6
    fields = ("building_name", "address_line_1", "address_line_2", "city", "state", "postal_code")

    def cost(value: str) -> float:
        best = 1.0
        for _ in range(3):
            forget()
            start = time.process_time()
            address_key({**dict.fromkeys(fields, value), "country": country}, value)
            best = min(best, time.process_time() - start)
        return best / len(value)

    assert cost(text) < 5 * cost(plain)


@pytest.mark.parametrize("value", ["a\u0301" * 100 + "b", "é" * 700 + "1", "\ufdfa" * 200])
def test_long_text_is_told_apart_and_stays_canonical(value: str) -> None:
    fields = canonical_fields(of(value, city=value))
    assert canonical_fields(fields) == fields
    assert address_key(of(value)) != address_key(of(value + "2"))
