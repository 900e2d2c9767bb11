"""Other spellings of an address that a postman reads as the same door.

Written from how people write, not from the tables of the key, so that it can judge them.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

Row = tuple[dict[str, Any], str | None]
"""An address and its unit number."""

_TYPES = {
    "Street": "St", "Avenue": "Ave", "Road": "Rd", "Drive": "Dr", "Boulevard": "Blvd", "Lane": "Ln",
    "Court": "Ct", "Place": "Pl", "Parkway": "Pkwy", "Highway": "Hwy", "Circle": "Cir",
    "Terrace": "Ter", "Trail": "Trl", "Square": "Sq", "Turnpike": "Tpke", "Expressway": "Expy",
}  # fmt: skip
_DIRECTIONS = {
    "North": "N", "South": "S", "East": "E", "West": "W", "Northwest": "NW", "Northeast": "NE",
    "Southwest": "SW", "Southeast": "SE",
}  # fmt: skip
_UNITS = {"Apartment": "Apt", "Suite": "Ste", "Building": "Bldg", "Floor": "Fl", "Room": "Rm"}
_STATES = {
    "Illinois": "IL", "California": "CA", "New York": "NY", "Texas": "TX", "Florida": "FL",
    "Tennessee": "TN", "Georgia": "GA", "Ohio": "OH", "Massachusetts": "MA", "Washington": "WA",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z]+\.?")
_UNIT_LINE = re.compile(r"(?:apt|apartment|unit|#|ste|suite)\.? ?#? ?([0-9]+[a-z]?)", re.IGNORECASE)
_FLAT_LINE = re.compile(r"(?:apt|apartment|unit|#)\.? ?#? ?([0-9]+[a-z]?)", re.IGNORECASE)


def _each(address: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """Change every text field of an address but its country."""
    return {
        name: change(value) if isinstance(value, str) and name != "country" else value
        for name, value in address.items()
    }


def _last_swapped(line: str, table: dict[str, str]) -> str:
    """Swap the type of a street: the last word, or the one before a last direction."""
    words = line.split()
    known = {*_DIRECTIONS, *(short.title() for short in _DIRECTIONS.values())}
    place = len(words) - 1
    if place > 2 and words[place].strip(".,").title() in known:
        place -= 1
    if place > 1 and words[place].rstrip(".,").title() in table:
        words[place] = table[words[place].rstrip(".,").title()]
    return " ".join(words)


def _lead_swapped(line: str, table: dict[str, str]) -> str:
    """Swap the direction right after the house number, if a name and a type follow."""
    words = line.split()
    word = words[1].rstrip(".").title() if len(words) > 3 else ""
    streets = {*_TYPES, *_TYPES.values(), *(f"{short}." for short in _TYPES.values())}
    if word in table and words[2].title() not in streets:
        words[1] = table[word]
    return " ".join(words)


def _swapped(address: dict[str, Any], short: bool) -> dict[str, Any]:
    """Write types, directions, unit words and states short or in full."""

    def way(table: dict[str, str]) -> dict[str, str]:
        return table if short else {value.title(): key for key, value in table.items()}

    line = _last_swapped(address["address_line_1"] or "", way(_TYPES))
    line = _lead_swapped(line, way(_DIRECTIONS))
    second = address["address_line_2"]
    if second:
        table = way(_UNITS)
        second = _WORD.sub(lambda m: table.get(m[0].rstrip(".").title(), m[0]), second)
    states = _STATES if short else {value: key for key, value in _STATES.items()}
    state = states.get(address["state"] or "", address["state"])
    return {**address, "address_line_1": line, "address_line_2": second, "state": state}


def _moved(address: dict[str, Any]) -> Iterator[tuple[str, Row]]:
    """Answer the same address with its flat in other places."""
    first, second = address["address_line_1"], address["address_line_2"]
    if not first or not second or not _UNIT_LINE.fullmatch(second):
        return
    alone = {**address, "address_line_2": None}
    yield "unit after a comma", ({**alone, "address_line_1": f"{first}, {second}"}, None)
    yield "unit in line 1", ({**alone, "address_line_1": f"{first} {second}"}, None)
    yield "unit as unit_number", (alone, second)
    flat = _FLAT_LINE.fullmatch(second)
    if flat:
        yield "unit_number without a word", (alone, flat[1])


def respellings(address: dict[str, Any]) -> Iterator[tuple[str, Row]]:
    """Answer the name of each way of respelling an address, and the address so respelt."""
    yield "upper case", (_each(address, str.upper), None)
    yield "lower case", (_each(address, str.lower), None)
    yield "no full stops", (_each(address, lambda text: re.sub(r"\.(?=\s|$)", "", text)), None)
    yield "wide spaces", (_each(address, lambda text: f" {text.replace(' ', '  ')} "), None)
    yield "abbreviated", (_swapped(address, short=True), None)
    yield "in full", (_swapped(address, short=False), None)
    yield from _moved(address)
