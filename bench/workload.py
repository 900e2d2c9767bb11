"""The work: the units that stand in the group beforehand, and the request over them.

Everything is computed from the number of a unit, so that two runs do the same and a million units
need no memory. Three kinds of request:

- ``new``: nothing is known beforehand;
- ``mixed``: 30 % are matched by their identifier, 20 % only by an address that is spelt differently
  (half of them without an identifier, half with another one), 50 % are new; all matched ones change;
- ``unchanged``: every unit is known and stays as it is.
"""

import math
import random
from collections.abc import Iterator
from typing import Any

import orjson

from app.units.addresses import RECIPE, address_key

KINDS = ("new", "mixed", "unchanged")
PLAIN = (
    "identifier",
    "external_ref",
    "name",
    "unit_number",
    "number_of_bedrooms",
    "number_of_bathrooms",
    "sqft",
    "has_flex_wall",
)
ADDRESS = (
    "building_name",
    "address_line_1",
    "address_line_2",
    "city",
    "state",
    "postal_code",
    "country",
    "latitude",
    "longitude",
)
COLUMNS = (*PLAIN, "bathrooms", *ADDRESS, "address_key", "address_recipe")
"""The columns of the units table that a row fills, in the order of ``record``."""

PER_BUILDING = 20
STREETS = (
    *("Main", "Oak", "Pine", "Maple", "Cedar", "Elm", "Washington", "Lake", "Hill", "Walnut"),
    *("Spring", "Ridge", "Church", "Willow", "Meadow"),
)
SPELLINGS = {
    "Street": "St.",
    "Avenue": "Ave",
    "Boulevard": "Blvd.",
    "Road": "Rd",
    "Lane": "Ln.",
    "Drive": "DR",
}
CITIES = (
    ("New York", "NY", "100"),
    ("Boston", "MA", "021"),
    ("Chicago", "IL", "606"),
    ("Austin", "TX", "787"),
    ("Denver", "CO", "802"),
)

Row = dict[str, Any]
Record = tuple[Any, ...]


def unit(number: int) -> Row:
    """Answer the unit with this number, as a row of a request."""
    chance = random.Random(number * 7_000_003 + 1)
    baths = chance.choice((1, 1, 1, 1.5, 2, 2, 2.5, 3))
    flat = f"{number % PER_BUILDING // 4 + 1}{'ABCD'[number % 4]}"
    return {
        "identifier": f"U-{number:07d}",
        "external_ref": f"ext-{number:07d}",
        "name": f"Flat {flat}",
        "unit_number": flat,
        "number_of_bedrooms": chance.randrange(5),
        "number_of_bathrooms": baths,
        "sqft": 300 + chance.randrange(2000),
        "has_flex_wall": chance.random() < 0.3,
        "bathrooms": [
            {"has_shower_or_bath": room < baths - 0.5, "has_sink": True, "has_toilet": True}
            for room in range(int(baths + 0.5))
        ],
        "address": address(number // PER_BUILDING),
    }


def address(building: int) -> Row:
    """Answer the address of a building; no two have the same."""
    chance = random.Random(building * 1_000_003 + 1)
    city, state, zone = chance.choice(CITIES)
    street, kind = chance.choice(STREETS), chance.choice(list(SPELLINGS))
    return {
        "building_name": f"{STREETS[building % len(STREETS)]} Tower {building}",
        "address_line_1": f"{building + 1} {street} {kind}",
        "address_line_2": None if building % 3 else f"Wing {building % 7}",
        "city": city,
        "state": state,
        "postal_code": f"{zone}{building % 100:02d}",
        "country": "US",
        "latitude": round(25 + chance.random() * 20, 6),
        "longitude": round(-70 - chance.random() * 50, 6),
    }


def respelt(sent: Row) -> Row:
    """Answer the same address as another system would write it."""
    line = sent["address_line_1"].upper()
    for long, short in SPELLINGS.items():
        line = line.replace(long.upper(), short)
    line = f"{line.replace(' ', '  ', 1)},"
    return {**sent, "address_line_1": line, "city": sent["city"].lower()}


def stored_rows(kind: str, size: int) -> Iterator[Row]:
    """Yield the units that are in the group before a request of this kind and size."""
    for number in range(known(kind, size)):
        yield unit(number)


def known(kind: str, size: int) -> int:
    """Answer how many units are in the group before a request of this kind and size."""
    return {"new": 0, "mixed": size // 2, "unchanged": size}[kind]


def request_rows(kind: str, size: int) -> Iterator[Row]:
    """Yield the rows of the request, in an order unlike that of the stored ones."""
    step = max(1, int(size * 0.618))
    while math.gcd(step, size) > 1:
        step += 1
    for position in range(size):
        number = position * step % size
        yield changed(number, size) if kind == "mixed" else unit(number)


def changed(number: int, size: int) -> Row:
    """Answer a row of a mixed request."""
    row = unit(number)
    if number >= size // 2:
        return row
    row["sqft"] += 1
    row["has_flex_wall"] = not row["has_flex_wall"]
    if number >= int(size * 0.3):
        row["address"] = respelt(row["address"])
        row["identifier"] = None if number % 2 else f"N-{number:07d}"
    return row


def expected(kind: str, size: int) -> dict[str, int]:
    """Answer how many rows must be created, updated and left unchanged."""
    matched = known(kind, size)
    action = "unchanged" if kind == "unchanged" else "updated"
    return {"created": size - matched, "updated": 0, "unchanged": 0, action: matched}


def record(row: Row) -> Record:
    """Answer the columns of a row, its address key made, ready for a driver."""
    place = row["address"]
    return (
        *[row[name] for name in PLAIN],
        orjson.dumps(row["bathrooms"]).decode(),
        *[place[name] for name in ADDRESS],
        address_key(place, row["unit_number"], ""),
        RECIPE,
    )


def body(group: str, rows: list[Row]) -> bytes:
    """Answer the JSON of a request."""
    return orjson.dumps({"group_external_ref": group, "units": rows})
