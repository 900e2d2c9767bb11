"""Writing an address as somebody else would: the same door in other words.

Upper case, other punctuation, ``Street`` for ``St.`` and the reverse, the flat in another field. Each
change is made only where it surely leaves the door the same: ``E Street NW`` is no East Street.
"""

import re
from typing import Any

Address = dict[str, Any]

STREET_TYPES = {
    "ST": "STREET", "AVE": "AVENUE", "RD": "ROAD", "DR": "DRIVE", "BLVD": "BOULEVARD",
    "LN": "LANE", "PKWY": "PARKWAY", "HWY": "HIGHWAY", "CT": "COURT", "PL": "PLACE",
    "CIR": "CIRCLE", "TER": "TERRACE",
}  # fmt: skip
DIRECTIONS = {
    "N": "NORTH", "S": "SOUTH", "E": "EAST", "W": "WEST",
    "NE": "NORTHEAST", "NW": "NORTHWEST", "SE": "SOUTHEAST", "SW": "SOUTHWEST",
}  # fmt: skip
STATES = {
    "CA": "CALIFORNIA", "FL": "FLORIDA", "GA": "GEORGIA", "IL": "ILLINOIS", "NY": "NEW YORK",
    "PA": "PENNSYLVANIA", "TX": "TEXAS",
}  # fmt: skip
FLAT = re.compile(r"(?:(?:APT|UNIT)\.? |# ?)?(\d+[A-Z]?)")
NO_HOUSE = {"BOX", "PO", "#"}
"""Behind a street line with one of these words, a bare number is no flat."""
SUITE = re.compile(r"(STE|SUITE)\.? (\d+[A-Z]?)")


def both_ways(table: dict[str, str]) -> dict[str, str]:
    """Answer ``table`` with each short word leading to its long one, and back."""
    return table | {long: short for short, long in table.items()}


OTHER_TYPE, OTHER_DIRECTION, OTHER_STATE = map(both_ways, (STREET_TYPES, DIRECTIONS, STATES))


def respell(address: Address, variant: int) -> dict[str, Any]:
    """Answer a unit row without identifier for the door of ``address``.

    ``variant`` 0 moves the flat or suite to another field, 1 only gives it another word.
    """
    new: Address = {name: text.upper() if text else None for name, text in address.items()}
    new["address_line_1"] = respell_street(new["address_line_1"])
    new["state"] = OTHER_STATE.get(new["state"], new["state"])
    new["country"] = "USA"
    inside = new["address_line_2"] or ""
    if not NO_HOUSE.intersection(new["address_line_1"].split()):
        if flat := FLAT.fullmatch(inside):
            return respell_flat(new, flat[1], variant)
        if suite := SUITE.fullmatch(inside):
            return respell_suite(new, suite[1], suite[2], variant)
    return {"address": new}


def respell_flat(address: Address, number: str, variant: int) -> dict[str, Any]:
    """Answer a row with the flat in ``unit_number``, or as ``Apt.`` for ``#`` and the reverse."""
    if variant == 0:
        return {"address": address | {"address_line_2": None}, "unit_number": number}
    was_apartment = address["address_line_2"].startswith("APT")
    line = f"#{number}" if was_apartment else f"Apt. {number}"
    return {"address": address | {"address_line_2": line}}


def respell_suite(address: Address, word: str, number: str, variant: int) -> dict[str, Any]:
    """Answer a row with the suite by its other word, behind the street where one surely ends."""
    line = f"{'STE.' if word == 'SUITE' else 'SUITE'} {number}"
    street = address["address_line_1"]
    last = street.split()[-1].rstrip(".,")
    if variant == 0 and (last in OTHER_TYPE or last in OTHER_DIRECTION):
        moved = {"address_line_1": f"{street}, {line}", "address_line_2": None}
        return {"address": address | moved}
    return {"address": address | {"address_line_2": line}}


def respell_street(line: str) -> str:
    """Answer an upper-case street line with its type and directions in their other words.

    Only a line with a house number is touched, and it gets wider spaces.
    """
    words = line.split()
    bare = [word.rstrip(".,") for word in words]
    if len(words) < 3 or not bare[0][0].isdigit():
        return line
    if bare[1] in OTHER_DIRECTION and is_name(bare[2]):
        words[1] = OTHER_DIRECTION[bare[1]]
    end = len(words) - 1
    if end > 2 and bare[end] in OTHER_DIRECTION and bare[end - 1] in OTHER_TYPE:
        words[end] = OTHER_DIRECTION[bare[end]]
        end -= 1
    if end > 1 and bare[end] in OTHER_TYPE and bare[end - 1] not in OTHER_DIRECTION:
        words[end] = OTHER_TYPE[bare[end]]
    return "  ".join(words)


def is_name(word: str) -> bool:
    """Tell whether ``word`` can begin a street's name, so that a direction may stand before it."""
    return word[:1].isalnum() and word not in OTHER_TYPE and word not in OTHER_DIRECTION
