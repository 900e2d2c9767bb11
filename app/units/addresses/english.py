"""The end of an English street: directions, the type that comes last, saints, numbered streets."""

import re

from app.units.addresses.ids import word_at
from app.units.addresses.words import Words

_FRACTION = re.compile(r"[0-9]/[0-9]+")
_HALF = re.compile(r"([0-9]+)-([1-3]/[2-4])")
_QUADRANTS = ("ne", "nw", "se", "sw")
_ORDINAL_ENDINGS = ("st", "nd", "rd", "th")
# After these a letter is the name of a street (N Street, Avenue S), no direction.
_LETTERED = frozenset(
    ["street", "avenue", "road", "place", "lane", "drive", "court", "terrace", "boulevard", "way",
     "circle", "parkway"]
)  # fmt: skip
_UNNUMBERED = frozenset(["highway", "route", "expressway", "road"])


def _house(tokens: list[str]) -> int:
    """Answer how many words at the start are the house number."""
    if not tokens[0][0].isdigit() or tokens[0].endswith(_ORDINAL_ENDINGS):
        return 0
    return 2 if _FRACTION.fullmatch(word_at(tokens, 1)) else 1


def type_last(tokens: list[str], words: Words) -> list[str]:
    """Fold directions, type and saints of a street whose type comes last, as in English."""
    half = _HALF.fullmatch(tokens[0])
    if half:
        tokens = [*half.groups(), *tokens[1:]]
    start = _house(tokens)
    tokens = _quarter(tokens, start, words)
    end = len(tokens)
    if end - start < 2:
        return tokens
    directions, types = words.directions, words.types_last
    while end - 1 > start and tokens[end - 1] in directions:
        end -= 1
    place = end - 1 if end - 1 > start and tokens[end - 1] in types else 0
    if place or end - start > 1 or (tokens[start] not in types and tokens[start] not in directions):
        tokens[end:] = _trailing(tokens[end:], words)
    if place:
        tokens[place] = types[tokens[place]]
        if place - 1 > start and tokens[place - 1] in types and tokens[place - 1] != "mt":
            tokens[place - 1] = types[tokens[place - 1]]
    start = _leading(tokens, start, place or end, words)
    _name(tokens, start, place or end, words)
    if start and place - start == 1 and tokens[place] not in _UNNUMBERED:
        tokens[start] = ordinal_figures(tokens[start])
    return tokens


def _quarter(tokens: list[str], start: int, words: Words) -> list[str]:
    """Answer a copy in which `N W Main St` begins with `NW`; in `N W St` the street is W.

    Words count only before a number: `North West 3rd St` has no street called West.
    """
    pair, rest = tokens[start : start + 2], tokens[start + 2 :]
    if not rest:
        return tokens.copy()
    if rest[0][0].isdigit():
        pair = [words.directions.get(token, token) for token in pair]
    quadrant = "".join(pair)
    if quadrant in _QUADRANTS and (
        rest[0] not in words.types_last or (rest[1:] and rest[1] not in words.directions)
    ):
        return [*tokens[:start], quadrant, *rest]
    return tokens.copy()


def _trailing(tokens: list[str], words: Words) -> list[str]:
    """Fold the directions after a street; `N W` is `NW`."""
    folded = [words.directions[token] for token in tokens]
    joined = "".join(folded)
    return [joined] if joined in _QUADRANTS else folded


def _leading(tokens: list[str], start: int, end: int, words: Words) -> int:
    """Fold a direction before a name, and answer where the name starts; `N St` has no direction."""
    if tokens[start] not in words.directions:
        return start
    kind = words.types_last.get(tokens[start + 1])
    if start + 1 == end and (kind is None or kind in _LETTERED):
        return start
    folded = words.directions[tokens[start]]
    if folded != tokens[start] and folded + tokens[start + 1] in _QUADRANTS:
        return start
    tokens[start] = folded
    return start + 1


def _name(tokens: list[str], start: int, end: int, words: Words) -> None:
    """Fold saints and the like inside a name, and types before a number or letter (`Ave C`)."""
    end = min(end, len(tokens))
    for at in range(start, len(tokens) - 1):
        token, following = tokens[at], tokens[at + 1]
        if token in words.types_numbered and (
            following[0].isdigit() or len(following) == 1 or following == "of"
        ):
            tokens[at] = words.types_numbered[token]
        elif token == "st" and at > start and following[0].isdigit():
            tokens[at] = words.types_last["st"]
        elif at < end - 1 or (at < end and end < len(tokens) and following not in words.directions):
            if at == start and token in words.words_first:
                tokens[at] = words.words_first[token]
            elif token in words.words:
                tokens[at] = words.words[token]


def ordinal_figures(number: str) -> str:
    """Answer the English ordinal of a number in figures, `21st` for `21`; other words stay."""
    if not number.isdigit():
        return number
    ending = (
        "th"
        if number[-2:] in ("11", "12", "13")
        else {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th")
    )
    return number + ending
