"""When two parts of an address are alike: numbers, flats, words, postal codes. Pure.

Only near misses are judged by it, never a match (CONTRACT 4.4). Source: ours, docs/decisions.md.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from app.units.addresses.levels import FLATS
from app.units.addresses.words import words_of

_ORDINAL = ("st", "nd", "rd", "th")


@dataclass(frozen=True, slots=True)
class Parts:
    """An address taken apart: numbers and words of the street, numbers and letters of the flat.

    Where no flat is named, those of floors, buildings and so on.
    """

    numbers: tuple[str, ...]
    words: tuple[str, ...]
    flat: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kinds:
    """The words of a country that say what sort of street or which end of it, not which street."""

    types: frozenset[str]
    directions: Mapping[str, Collection[str]]
    """By the canonical letter, as ``e``: its spellings in full."""
    endings: tuple[str, ...]


def parts_of(fields: Mapping[str, str]) -> Parts:
    """Answer the numbers and words of an address by its canonical fields."""
    numbers: list[str] = []
    words: list[str] = []
    for token in fields["address_line_1"].split():
        (numbers if token[0].isdigit() and not token.endswith(_ORDINAL) else words).append(token)
    return Parts(tuple(numbers), tuple(words), _flat(fields["address_line_2"]))


@lru_cache(8192)
def _flat(text: str) -> tuple[str, ...]:
    levels = levels_of(text)
    flats = [level for level in levels if level.split()[0] in FLATS]
    return tuple(ids_of(flats or levels))


def levels_of(text: str) -> list[str]:
    """Answer ``building 2`` and ``unit 4`` for ``building 2 unit 4``."""
    levels: list[str] = []
    for token in text.split():
        if levels and is_id(token):
            levels[-1] += f" {token}"
        else:
            levels.append(token)
    return levels


def is_id(token: str) -> bool:
    """Tell whether a word is the number or letter of a level, not its class."""
    return len(token) == 1 or any(map(str.isdigit, token))


def ids_of(levels: Iterable[str]) -> list[str]:
    """Answer the numbers and letters of levels."""
    return [token for level in levels for token in level.split() if is_id(token)]


def are_numbers_alike(one: Parts, other: Parts) -> bool:
    """Tell whether house and flat have the same numbers, but for one slip of a digit in all.

    The shorter a number, the more surely another is another door: houses of one street and flats of one
    building are numbered through.
    """
    if one.numbers == other.numbers and one.flat == other.flat:
        return True
    slips = [
        count_slips(one.numbers, other.numbers, swapped=3, dropped=4),
        count_slips(one.flat, other.flat, swapped=4, dropped=4),
    ]
    return None not in slips and sum(filter(None, slips)) <= 1


def count_slips(
    one: Sequence[str], other: Sequence[str], *, swapped: int, dropped: int
) -> int | None:
    """Answer how many numbers differ by a slip only, None if any differs otherwise.

    A slip is a zero in front, two neighbouring digits swapped in a number of at least ``swapped``
    digits, or one dropped from a number of at least ``dropped``.
    """
    if len(one) != len(other):
        return None
    pairs = [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]
    return len(pairs) if all(_is_slip(*pair, swapped, dropped) for pair in pairs) else None


def _is_slip(one: str, other: str, swapped: int, dropped: int) -> bool:
    if one.lstrip("0") == other.lstrip("0"):
        return True
    if not (one.isdigit() and other.isdigit()) or OSA.distance(one, other, score_cutoff=1) > 1:
        return False
    if len(one) == len(other):
        return len(one) >= swapped and sorted(one) == sorted(other)
    return max(len(one), len(other)) >= dropped


def are_levels_alike(one: str, other: str) -> bool:
    """Tell whether two texts may name one flat, their numbers being alike.

    One may name the floor or building that the other leaves out, or call the flat a suite.
    """
    first, second = levels_of(one), levels_of(other)
    shared = set(first) & set(second)
    if any(level.split()[0] in FLATS for level in shared):
        return shared in (set(first), set(second))
    if len(first) != len(second) or len(ids_of(first)) != len(ids_of(second)):
        return False
    names = [(a.split()[0], b.split()[0]) for a, b in zip(first, second, strict=True)]
    ids = count_slips(ids_of(first), ids_of(second), swapped=4, dropped=4)
    return ids is not None and all(a == b or {a, b} <= FLATS or is_misspelt(a, b) for a, b in names)


def are_codes_alike(one: str, other: str) -> bool:
    """Tell whether two postal codes may be one: a slip, or one says more than the other (ZIP+4)."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= 3 and longer.startswith(shorter):
        return True
    # A code that lost a digit may have got a zero in front, as one that a spreadsheet cut.
    pairs = ((one, other), (one.lstrip("0"), other.lstrip("0")))
    return len(longer) >= 4 and any(OSA.distance(*pair, score_cutoff=1) <= 1 for pair in pairs)


def are_words_alike(one: Sequence[str], other: Sequence[str], kinds: Kinds) -> bool:
    """Tell whether two names may be one: up to two words misspelt, missing or of another type.

    At least one word that says which street it is must be in both.
    """
    if "".join(one) == "".join(other):
        return True
    shared = Counter(one) & Counter(other)
    left = list((Counter(one) - shared).elements())
    right = list((Counter(other) - shared).elements())
    if len(left) > len(right):
        left, right = right, left
    if len(right) > 2 or not all(word.isalpha() for word in right):
        return False
    names = _name(one, kinds) & _name(other, kinds)
    for word in left:
        pair = next((found for found in right if _may_replace(word, found, kinds)), None)
        if pair is None:
            return False
        right.remove(pair)
        names |= {word} & (_name(one, kinds) | _name(other, kinds))
    return any(len(word) > 2 for word in names)


def _name(words: Sequence[str], kinds: Kinds) -> set[str]:
    """Answer the words that say which street it is: all but a type at the end, or else in front."""
    if len(words) > 1 and words[-1] in kinds.types:
        words = words[:-1]
    elif len(words) > 1 and words[0] in kinds.types:
        words = words[1:]
    return {*words} - kinds.directions.keys()


def _may_replace(one: str, other: str, kinds: Kinds) -> bool:
    if one in kinds.directions:
        one, other = other, one
    if other in kinds.directions:
        return any(is_misspelt(one, spelling) for spelling in kinds.directions[other])
    if {one, other} <= kinds.types or is_misspelt(one, other):
        return True
    stems = [
        {word.removesuffix(end) for end in kinds.endings if word.endswith(end)}
        for word in (one, other)
    ]
    return any(len(stem) > 3 for stem in stems[0] & stems[1])


def is_misspelt(one: str, other: str) -> bool:
    """Tell whether one word may be a slip for another: a letter wrong, missing or two swapped."""
    shorter, longer = sorted((len(one), len(other)))
    distance = OSA.distance(one, other, score_cutoff=2)
    if distance > 2 or longer < 3:
        return False
    if longer == 3:
        return distance == 1 and sorted(one) == sorted(other)
    return distance <= 1 or shorter >= 7


@lru_cache(64)
def kinds_of(country: str) -> Kinds:
    """Answer the street types, directions and endings of a country."""
    words = words_of(country)
    types = {
        *words.types_last.values(),
        *words.types_first.values(),
        *words.types_numbered.values(),
    }
    endings = sorted({*words.endings.values()}, key=lambda end: -len(end))
    directions: dict[str, list[str]] = defaultdict(list)
    for spelling, letter in words.directions.items():
        directions[letter] += [spelling] if len(spelling) >= 4 else []
    return Kinds(frozenset(types), directions, tuple(endings))
