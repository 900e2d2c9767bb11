"""The address key: two addresses have the same one when a postman would call them the same door.

Pure: standard library only. Source: CONTRACT 4.4.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping

RECIPE = 1
FIELDS = ("building_name", "city", "state", "postal_code", "country")
WORDS = {
    "street": "st", "avenue": "ave", "road": "rd", "lane": "ln", "drive": "dr", "boulevard": "blvd",
    "north": "n", "south": "s", "east": "e", "west": "w",
    "apartment": "unit", "apt": "unit", "flat": "unit", "#": "unit", "suite": "ste",
    "floor": "fl", "building": "bldg",
}  # fmt: skip
TOKEN = re.compile(r"#|\w+(?:[-/]\w+)*")
UNIT_TAIL = re.compile(r"(?:^| )((?:unit|ste|room) \S+)$")


def canonical_fields(
    address: Mapping[str, object], unit_number: str | None = None, default_country: str = ""
) -> dict[str, str]:
    """Answer the readable canonical form of ``address``, per field."""
    street = _canonical(address.get("address_line_1"))
    rest = _canonical(address.get("address_line_2"))
    if re.fullmatch(r"\d+\w?", rest):
        rest = f"unit {rest}"
    if not UNIT_TAIL.search(rest):
        tail = UNIT_TAIL.search(street)
        if tail and not rest:
            street, rest = street[: tail.start()], tail[1]
        elif unit_number:
            number = _canonical(unit_number)
            rest = f"{rest} {number if number.startswith('unit ') else 'unit ' + number}".strip()
    fields = {"street": street, "unit": rest}
    fields |= {name: _canonical(address.get(name)) for name in FIELDS}
    fields["country"] = fields["country"] or _canonical(default_country)
    return fields


def canonical_text(
    address: Mapping[str, object], unit_number: str | None = None, default_country: str = ""
) -> str:
    """Answer the canonical form as one readable line."""
    return " | ".join(canonical_fields(address, unit_number, default_country).values())


def address_key(
    address: Mapping[str, object], unit_number: str | None = None, default_country: str = ""
) -> str:
    """Answer 64 hexadecimal characters: equal for the same door, and only for it."""
    text = f"{RECIPE}|{canonical_text(address, unit_number, default_country)}"
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: object) -> str:
    if not isinstance(value, str):
        return ""
    folded = unicodedata.normalize("NFKC", value).casefold()
    return " ".join(WORDS.get(token, token) for token in TOKEN.findall(folded))
