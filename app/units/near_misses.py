"""Stored addresses that look like a new one: a typo seen before it becomes a duplicate.

Pure. Nothing here ever decides a match (CONTRACT 4.4); it only tells. What counts as alike is ours:
docs/decisions.md. Words may be misspelt, missing or of another type; numbers are normally another door.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from app.units.addresses.key import canonical_text
from app.units.likeness import (
    Kinds,
    Parts,
    are_codes_alike,
    are_levels_alike,
    are_numbers_alike,
    are_words_alike,
    kinds_of,
    parts_of,
)

Fields = Mapping[str, str]
"""The canonical fields of an address: ``addresses.canonical_fields``."""

SHOWN = 3
COMPARED = 50
"""Stored addresses with the same numbers that are looked at closely: the most alike as a whole."""

LONGEST = 200
"""Letters of an address that are compared as a whole."""

MOST_SLIPS = 20
"""Digits of an address in which a slip is sought."""

LEAST_WHOLE = 50
"""How alike whole addresses must be, from 0 to 100, where very many have the same numbers."""

MOST_DIFFERENT = 3
"""Parts in which two addresses may differ and still be alike."""

WEIGHTS = {
    "street": 35,
    "house_number": 25,
    "unit": 15,
    "building_name": 8,
    "city": 12,
    "state": 4,
    "postal_code": 12,
    "country": 4,
}
MISSING, OTHER, LEAST = 0.5, 0.3, 0.6
"""How alike a part is that one side lacks, that is another altogether, and that is alike at all."""


@dataclass(frozen=True, slots=True)
class Known:
    """A stored unit by its address."""

    id: int
    identifier: str | None
    fields: Fields


class LookAlikes:
    """The stored addresses of a group, ready to be asked for those like a new one."""

    def __init__(self, stored: Iterable[Known]) -> None:
        self.blocks: dict[str, list[Known]] = defaultdict(list)
        self.wholes: dict[str, list[str]] = {}
        for known in stored:
            self.blocks[_block(parts_of(known.fields))].append(known)

    def find(self, fields: Fields) -> list[dict[str, Any]]:
        """Answer up to three stored units like the address in ``fields``, the most alike first."""
        scored = [
            (score, known, differs)
            for known in self._candidates(fields)
            if (compared := compare(fields, known.fields)) is not None
            for score, differs in [compared]
        ]
        scored.sort(key=lambda found: (-found[0], found[1].id))
        return [
            {
                "id": known.id,
                "identifier": known.identifier,
                "score": score,
                "address": canonical_text(known.fields),
                "differs": differs,
            }
            for score, known, differs in scored[:SHOWN]
        ]

    def _candidates(self, fields: Fields) -> list[Known]:
        """Answer what has the same numbers but for a slip; of very many the most alike as a whole."""
        names = [name for name in _slips(_block(parts_of(fields))) if name in self.blocks]
        found = [known for name in names for known in self.blocks[name]]
        if len(found) <= COMPARED:
            return found
        for name in names:
            if name not in self.wholes:
                self.wholes[name] = [_whole(known.fields) for known in self.blocks[name]]
        texts = [text for name in names for text in self.wholes[name]]
        best = process.extract(
            _whole(fields), texts, scorer=fuzz.ratio, score_cutoff=LEAST_WHOLE, limit=COMPARED
        )
        return [found[place] for _, _, place in best]


def compare(one: Fields, other: Fields) -> tuple[float, list[str]] | None:
    """Answer how alike two addresses are, from 0 to 100, and the parts that differ.

    None where they are plainly two doors, or the same.
    """
    first, second = parts_of(one), parts_of(other)
    if not are_numbers_alike(first, second):
        return None
    kinds = kinds_of(one["country"] or other["country"])
    pairs = {
        "street": (" ".join(first.words), " ".join(second.words)),
        "house_number": (" ".join(first.numbers), " ".join(second.numbers)),
        "unit": (one["address_line_2"], other["address_line_2"]),
        **{name: (one[name], other[name]) for name in WEIGHTS if name in one},
    }
    differs = [name for name, (a, b) in pairs.items() if a != b]
    if not 0 < len(differs) <= MOST_DIFFERENT:
        return None
    likeness = {name: _likeness(name, *pairs[name], kinds) for name in differs}
    if None in likeness.values() or not _may_be_elsewhere(likeness, one):
        return None
    present = [name for name, pair in pairs.items() if any(pair)]
    lost = sum(WEIGHTS[name] * (1 - (likeness[name] or 0)) for name in differs)
    return round(100 - 100 * lost / sum(WEIGHTS[name] for name in present), 1), differs


def _likeness(name: str, one: str, other: str, kinds: Kinds) -> float | None:
    """Answer how alike two texts of a part are, or None where they cannot be the same."""
    if not one or not other:
        return None if name in ("street", "house_number", "unit") else MISSING
    if name == "unit":
        alike = are_levels_alike(one, other)
    elif name == "postal_code":
        alike = are_codes_alike(one, other)
    elif name in ("street", "city", "building_name"):
        alike = are_words_alike(one.split(), other.split(), kinds)
    else:
        alike = name == "house_number"
    if not alike:
        return OTHER if name in ("city", "state", "country") else None
    return max(LEAST, OSA.normalized_similarity(one, other))


def _may_be_elsewhere(likeness: Mapping[str, float | None], one: Fields) -> bool:
    """Tell whether another city, state or country may be a slip: the postal code says the same.

    Another country must be the only difference.
    """
    others = {name for name, value in likeness.items() if value == OTHER}
    if "country" in others:
        return len(likeness) == 1
    same_code = "postal_code" not in likeness and bool(one["postal_code"])
    return not others or (len(others) == 1 and same_code)


def _block(parts: Parts) -> str:
    """Answer the numbers of house and flat, which addresses that are alike share but for a slip."""
    numbers = [number.lstrip("0") for number in (*parts.numbers, "/", *parts.flat)]
    return " ".join(numbers)[:LONGEST]


def _slips(block: str) -> set[str]:
    """Answer ``block`` and all that a dropped, added or swapped digit makes of it."""
    found = {block}
    for at in range(min(len(block), MOST_SLIPS)):
        if block[at].isdigit():
            before, digit, after = block[:at], block[at], block[at + 1 :]
            found |= {before + after, before + after[:1] + digit + after[1:]}
            found |= {before + new + digit + after for new in "0123456789"}
            found |= {before + digit + new + after for new in "0123456789"}
    return found


def _whole(fields: Fields) -> str:
    return " ".join(filter(None, fields.values()))[:LONGEST]
