"""The secondary units of an address: flats, floors, buildings and so on (CONTRACT 4.4)."""

import re
from collections.abc import Sequence

from app.units.addresses.ids import (
    WITHOUT_ID,
    floor_after,
    floor_before,
    floor_id,
    floor_number,
    is_id,
    level_class,
    named_id,
    one_of_several,
    plain_ordinal,
    whole_id,
    word_at,
    word_before,
)
from app.units.addresses.words import Words

Level = tuple[str, str]
"""The class of a level and its id, as in ("unit", "4b"); the id may be ""."""

FLATS = frozenset(["unit", "suite", "room"])
"""The classes that name the flat, so that `unit_number` no longer counts (CONTRACT 4.4)."""

_ORDER = (
    "block", "tower", "building", "wing", "lot", "house", "gate", "staircase", "floor",
    "basement", "cellar", "rear", "rearhouse", "gardenhouse", "backyard", "front", "rearside",
    "frontside", "left", "middle", "right",
)  # fmt: skip
_RANK = {name: rank for rank, name in enumerate(_ORDER)}
_ALONE = WITHOUT_ID | {"penthouse", "office", "maisonette"}
_SIDES = ("left", "right", "middle")
_SIMPLE = re.compile(r"[0-9]+[a-z]?|[a-z]")


def _next_level(
    tokens: Sequence[str], at: int, words: Words, strict: bool, bare: bool, later: str
) -> tuple[Level, int] | None:
    """Answer the level at a place and the place after it, or None where none begins.

    `later` is the class of the level before it: the flat of `ground floor flat` needs no id, and
    the door of `2º B` no word.
    """
    if words.number_last:
        several = one_of_several(tokens, at, words, strict)
        if several:
            return several, at + 2
    return (
        _floor_level(tokens, at, words)
        or _named_level(tokens, at, words, strict, bare, later)
        or _ordinal_level(tokens, at, words)
        or _bare_level(tokens, at, words, strict, bare, later)
    )


def _floor_level(tokens: Sequence[str], at: int, words: Words) -> tuple[Level, int] | None:
    """Answer a floor whose number stands before its word: `2nd floor`, `3. OG`, `2fl`."""
    token = tokens[at]
    glued = floor_after(token, words)
    if glued:
        return ("floor", glued), at + 1
    floor = floor_before(token, word_at(tokens, at + 1), words)
    letter = word_at(tokens, at + 2)
    if not floor or (token.isdigit() and letter and is_id(letter, words)):
        return None
    if len(letter) == 1 and letter.isalpha() and not words.floor_ordinals:
        return ("floor", floor + letter), at + 3
    return ("floor", floor), at + 2


def _named_level(
    tokens: Sequence[str], at: int, words: Words, strict: bool, bare: bool, later: str
) -> tuple[Level, int] | None:
    """Answer a level that begins with the word of its class: `apt 4`, `rear`."""
    kind, glued = level_class(tokens[at], words, word_before(tokens, at, bool(bare or later)))
    if glued:
        return (kind, glued), at + 1
    if kind in WITHOUT_ID:
        return (kind, ""), at + 1
    if not kind:
        return None
    name, after = named_id(tokens, at + 1, words, strict)
    following = words.levels.get(word_at(tokens, at + 1))
    if strict and not name and not _needs_none(kind, later, following):
        return None
    return (kind, floor_id(name, words) if kind == "floor" else name), after


def _needs_none(kind: str, later: str, following: str | None) -> bool:
    """Say whether a level is complete without an id: `penthouse`, `basement flat`, `esc. izda`."""
    if kind in ("staircase", "studio"):
        return following in (_SIDES if kind == "staircase" else ("unit",))
    return kind in _ALONE or (kind == "unit" and bool(later))


def _ordinal_level(tokens: Sequence[str], at: int, words: Words) -> tuple[Level, int] | None:
    """Answer the floor (`2º`) or the door (`1ª`) that an ordinal alone names in some countries.

    Before a side it does in all: `3e gauche`.
    """
    token = tokens[at]
    if not words.number_last or not token[0].isdigit():
        return None
    if not words.floor_ordinals:
        side = words.levels.get(word_at(tokens, at + 1)) in _SIDES
        number = floor_number(token, words) if side else ""
        return (("floor", number), at + 1) if number else None
    number = plain_ordinal(token)
    if token == number:
        return None
    return ("unit" if token.endswith("ra") else "floor", number), at + 1


def _bare_level(
    tokens: Sequence[str], at: int, words: Words, strict: bool, bare: bool, later: str
) -> tuple[Level, int] | None:
    """Answer a flat without a word: `12B` as a whole line, or the `B` of `2º B`."""
    token = tokens[at]
    if not is_id(token, words):
        return None
    if strict:
        door = words.floor_ordinals and later == "floor"
        return (("unit", words.ids.get(token, token)), at + 1) if door else None
    if not bare and not at:
        return None
    side = words.levels.get(word_at(tokens, at + 1)) in _SIDES
    if words.floor_ordinals and token.isdigit() and side:
        return ("floor", token), at + 1
    name, after = whole_id(tokens, at, words)
    return ("unit", name), after


def _is_idle(tokens: Sequence[str], at: int, words: Words) -> bool:
    """Say whether a `#` says nothing, because a level follows it (`# Apt 4`)."""
    return tokens[at] == "#" and word_at(tokens, at + 1) in words.levels


def named_flat(tokens: Sequence[str], words: Words) -> list[Level] | None:
    """Answer the flat of two English words, as in `Garden Flat`, or None."""
    if len(tokens) != 2 or not words.types_last or tokens[1] == "#":
        return None
    name, kind = tokens
    if words.levels.get(kind) != "unit" or not name.isalpha() or len(name) < 2:
        return None
    return None if name in words.levels or name in words.number_words else [("unit", name)]


def levels(tokens: Sequence[str], words: Words, bare: bool) -> list[Level] | None:
    """Answer the levels that all of the words name, in order, or None if some words name none.

    With `bare`, a number or letter alone (`12B`) is a flat.
    """
    found = named_flat(tokens, words)
    if found:
        return found
    found = []
    at = 0
    while at < len(tokens):
        if tokens[at] == "," or _is_idle(tokens, at, words):
            at += 1
            continue
        step = _next_level(tokens, at, words, strict=False, bare=bare, later="")
        if step is None:
            return None
        found.append(step[0])
        at = step[1]
    return found


def run(tokens: Sequence[str], at: int, words: Words) -> tuple[list[tuple[int, Level]], int]:
    """Answer the levels from a place inside a street on, each with its place, and where they end.

    Stricter than `levels`: an id must look like one.
    """
    found: list[tuple[int, Level]] = []
    while at < len(tokens):
        if _is_idle(tokens, at, words):
            at += 1
            continue
        step = _next_level(
            tokens, at, words, strict=True, bare=False, later=found[-1][1][0] if found else ""
        )
        if step is None:
            break
        found.append((at, step[0]))
        at = step[1]
    return found, at


def arranged(found: Sequence[Level], words: Words) -> list[Level]:
    """Answer the levels from the large to the small, each once; equal classes keep their order."""
    answer = sorted(dict.fromkeys(found), key=lambda level: _RANK.get(level[0], len(_RANK)))
    return _doors(answer) if words.floor_ordinals else answer


def _doors(found: list[Level]) -> list[Level]:
    """Join a floor and a door where people write them as one: `2º B` is the flat `2B`."""
    floors = [name for kind, name in found if kind == "floor"]
    units = [name for kind, name in found if kind == "unit"]
    if len(floors) != 1 or len(units) > 1 or not floors[0][:1].isdigit():
        return found
    if units and not units[0][:1].isdigit() and len(units[0]) != 1:
        return found
    if not units and floors[0].isdigit():
        return found
    door = floors[0] + ("-" if units and units[0][:1].isdigit() else "") + (units or [""])[0]
    return [level for level in found if level[0] not in ("floor", "unit")] + [("unit", door)]


def text_of(found: Sequence[Level]) -> str:
    """Answer the canonical text of levels, as in `building 2 unit 4b`."""
    return " ".join(part for level in found for part in level if part)


def are_simple(found: Sequence[Level]) -> bool:
    """Say whether the text of levels surely reads back as those levels: they are all plain."""
    if len(found) > 1 and any(kind == "floor" for kind, _ in found):
        return False
    return all(_SIMPLE.fullmatch(name) if name else kind in _ALONE for kind, name in found)
