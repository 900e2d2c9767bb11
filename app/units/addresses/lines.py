"""The two lines of an address taken apart: what is street, what is flat, floor or building."""

import re
from collections.abc import Sequence
from string import ascii_lowercase

from app.units.addresses.levels import FLATS, Level, levels, named_flat, run
from app.units.addresses.words import Words

Segments = list[list[str]]
"""The words between the commas of a line."""

_SHARED = re.compile(r"([0-9]+[a-z]?|[a-z][0-9]*)/([0-9]+[a-z]?(?:-[0-9]+[a-z]?)?)")
_GLUED = re.compile(r"[a-z]+[0-9]")
_RAISED = re.compile(r"[0-9](?:o|ra|da)\b")
_LINKED = re.compile(r"[/-]")
_DOOR = re.compile(r"[0-9]+ ?[a-z]")
_FIGURES = re.compile(r"[0-9]")
_NO_NUMBER = ("sn", "snc")
_PLAIN_ID = re.compile(r"[0-9]+[a-z]?|[a-z][0-9]*")
_BEFORE_NAMES = frozenset(["unit", "suite", "lot", "shop", "office", "factory", "warehouse"])


def segments_of(tokens: Sequence[str]) -> Segments:
    """Answer the words between commas; empty stretches are left out."""
    answer: Segments = [[]]
    for token in tokens:
        if token == ",":
            answer.append([])
        else:
            answer[-1].append(token)
    return [segment for segment in answer if segment]


def parted(tokens: list[str], words: Words) -> tuple[list[Level], Segments]:
    """Take the flats, floors and so on out of a line: answer them, and what is left."""
    if _is_street(tokens, words):
        return [], [tokens] if tokens else []
    found: list[Level] = []
    left: Segments = []
    segments = segments_of(tokens)
    for place, segment in enumerate(segments):
        whole = _whole(segment, left, words) if left else _alone(segment, words)
        following = segments[place + 1] if place + 1 < len(segments) else [""]
        if whole is None and following[0]:
            whole = named_flat(segment, words)
        if whole is not None:
            found += whole
            continue
        before, segment = _front(segment, following[0], words)
        after, segment = _back(segment, left, words)
        found += before + after
        left.append(segment)
    bare = ([token for token in segment if token != "#"] for segment in left)
    return found, [segment for segment in bare if segment]


def _is_street(tokens: list[str], words: Words) -> bool:
    """Say at once that most lines name no flat or floor."""
    if words.floor_ordinals or "," in tokens or not words.level_words.isdisjoint(tokens):
        return False
    return not _GLUED.search(" ".join(tokens))


def is_plain(street: str, words: Words) -> bool:
    """Say whether a canonical street surely reads back as itself: it has no sign of a level."""
    tokens = street.split()
    return (
        words.marked.isdisjoint(tokens)
        and not _GLUED.search(street)
        and not (words.floor_ordinals and _RAISED.search(street))
        and not (words.implied_unit and _LINKED.search(street))
    )


def _whole(segment: list[str], left: Segments, words: Words) -> list[Level] | None:
    """Answer the levels of a stretch between commas that names nothing else."""
    if words.number_last:
        text = " ".join(segment)
        numbered = any(_FIGURES.search(token) for part in left for token in part)
        door = _DOOR.fullmatch(text) or (
            len(segment) == 2 and segment[0].isdigit() and segment[1] in words.levels
        )
        lone = len(text) == 1 and text.isalpha()
        bare = numbered and (lone or (words.floor_ordinals and bool(door)))
        return levels(segment, words, bare=bare)
    if len(segment) == 2 and segment[0] in words.number_words:
        segment = segment[1:]
    before = left[-1]
    house = before[0][0].isdigit() and len(before) > 1
    bare = house and len(segment) == 1 and segment[0][0].isdigit()
    return levels(segment, words, bare=bare)


def _alone(segment: list[str], words: Words) -> list[Level] | None:
    """Answer the levels of a line without commas that names nothing else, as in `Flat 2`."""
    found, end = run(segment, 0, words)
    return [level for _, level in found] if end == len(segment) else None


def is_house(token: str, words: Words) -> bool:
    """Say whether a word is a house number: it starts with a digit and is no ordinal (`5th`)."""
    return token[0].isdigit() and not (
        words.types_last and token.endswith(("st", "nd", "rd", "th"))
    )


def goes_on(left: Segments, rest: Segments, words: Words) -> bool:
    """Say whether line 2 has the house number that line 1 lacks: `Rose House`, `5 High St`."""
    houses = [is_house(segment[0], words) for segment in left]
    return bool(words.types_last) and not any(houses) and is_house(rest[0][0], words)


def _front(segment: list[str], following: str, words: Words) -> tuple[list[Level], list[str]]:
    """Take levels from the start of a street if a house number follows: `Flat 2 5 Kings Road`.

    `following` is the word after the comma: `Flat 2 Rose House, 5 Kings Road`.
    """
    found, end = run(segment, 0, words)
    if not found or end >= len(segment):
        return [], segment
    answer = [level for _, level in found]
    if is_house(segment[end], words):
        return answer, segment[end:]
    if words.types_last and answer[-1][1] and _goes_before(answer, segment[end:], following, words):
        return answer, segment[end:]
    kind, name = answer[-1]
    shared = _SHARED.fullmatch(name)
    if shared is None and words.implied_unit == "hyphen":
        shared = _HYPHENED.fullmatch(name)
        shared = shared if shared and _apart(shared[1], shared[2]) else None
    if shared:
        return [*answer[:-1], (kind, shared[1])], [shared[2], *segment[end:]]
    return [], segment


def _goes_before(found: list[Level], street: list[str], following: str, words: Words) -> bool:
    """Say whether levels stand before a name: `Flat 2 Rose House, 5 High St`, `Lot 7 Mill Road`."""
    if following:
        return is_house(following, words)
    kind, name = found[-1]
    plain = kind in _BEFORE_NAMES and _PLAIN_ID.fullmatch(name)
    named = street[0] not in words.types_last or street[-1] in words.types_last
    return bool(plain) and len(street) > 1 and named


def _back(segment: list[str], left: Segments, words: Words) -> tuple[list[Level], list[str]]:
    """Take levels from the end of a street: `12 Main St Apt 4`."""
    at = 1
    if words.number_last and not any(_FIGURES.search(token) for part in left for token in part):
        numbers = (
            place
            for place, token in enumerate(segment)
            if token[0].isdigit() or token in _NO_NUMBER
        )
        at = next(numbers, len(segment)) + 1
    while at < len(segment):
        found, end = run(segment, at, words)
        if found and end == len(segment):
            places = _trusted(segment, found, words)
            if places:
                return [level for _, level in places], segment[: places[0][0]]
        at = max(end, at + 1)
    return [], segment


def _trusted(
    segment: list[str], found: list[tuple[int, Level]], words: Words
) -> list[tuple[int, Level]]:
    """Leave a word such as `Front` to the street unless the street is complete before it."""
    while found and not found[0][1][1]:
        place = found[0][0]
        before = segment[place - 1]
        if before[0].isdigit() or (
            place > 2 and (before in words.types_last or before in words.directions)
        ):
            break
        found = found[1:]
    return found


def names_flat(found: Sequence[Level]) -> bool:
    """Say whether the levels name the flat, so that `unit_number` does not count.

    The word `Unit` alone names none, nor does `Basement Flat`: there may be two.
    """
    return any(kind in FLATS and name for kind, name in found)


def numbered(found: Sequence[Level], unit: Sequence[Level]) -> list[Level]:
    """Answer levels without a flat's number and those of `unit_number`: `Suite` and `5`."""
    bare = [kind for kind, name in found if kind in FLATS and not name]
    if bare and len(unit) == 1 and unit[0][0] == "unit":
        unit = [(bare[-1], unit[0][1])]
    return [level for level in found if level[1] or level[0] not in FLATS] + list(unit)


def implied(left: Segments, words: Words) -> tuple[list[Level], Segments]:
    """Answer the flat that a house number holds in some countries, and the street without it.

    `3/12 Smith St` in Australia and New Zealand, `10-123 Main St` in Canada, `Długa 5/12` in
    Poland, `Ring 12/2/4` in Austria.
    """
    if not words.implied_unit or not left or len(left[0]) < 2:
        return [], left
    if words.implied_unit == "after":
        return _implied_after(left, words)
    token = left[0][0]
    pattern = _SHARED if words.implied_unit == "before" else _HYPHENED
    shared = pattern.fullmatch(token)
    if shared is None or (words.implied_unit == "hyphen" and not _apart(shared[1], shared[2])):
        return [], left
    return [("unit", shared[1])], [[shared[2], *left[0][1:]], *left[1:]]


_HYPHENED = re.compile(r"([0-9]+[a-z]?)-([0-9]+)")
_STAIRS = re.compile(r"([0-9]+[a-z]?(?:-[0-9]+[a-z]?)?)((?:/[0-9]+[a-z]?){1,3})")
_POLISH = re.compile(r"([0-9]+[a-z]?)m\.?([0-9]+[a-z]?)")  # `Długa 5m12`
_RANGE = 50


def _apart(first: str, second: str) -> bool:
    """Say whether two numbers cannot be a range of houses, so that the first must be a flat."""
    low, high = int(first.rstrip(ascii_lowercase)), int(second)
    return low >= high or high - low > _RANGE


def _implied_after(left: Segments, words: Words) -> tuple[list[Level], Segments]:
    """Answer the flat, and the staircase, written after the house number with a slash."""
    last = left[-1]
    shared = _STAIRS.fullmatch(_POLISH.sub(r"\1/\2", last[-1]))
    if shared is None:
        return [], left
    parts = shared[2][1:].split("/")
    if len(parts) > 1 and words.country != "AT":
        return [], left
    found = list(zip(("staircase", "floor"), parts[:-1], strict=False))
    return [*found, ("unit", parts[-1])], [*left[:-1], [*last[:-1], shared[1]]]
