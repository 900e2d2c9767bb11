"""The address key: which two postal addresses are the same door (CONTRACT 4.4).

Everything here is a pure function of the text; how it decides is told in docs/addresses.md.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from app.units.addresses.levels import Level, are_simple, arranged, levels, text_of
from app.units.addresses.lines import (
    Segments,
    goes_on,
    implied,
    is_plain,
    names_flat,
    numbered,
    parted,
)
from app.units.addresses.places import CACHED, capped, forget_places, place_of
from app.units.addresses.street import folded_street
from app.units.addresses.text import fold, sealed, shortened
from app.units.addresses.text import words as split_words
from app.units.addresses.words import Words, replaced, words_of

RECIPE = 1
"""The version of the recipe; a change that gives any address another key raises it."""

_BOXES = ("po", "gpo")
_ROUNDS = 6
_THOUSANDS = re.compile(r"(?<![0-9])(?<![0-9]\.)([0-9]{1,2})\.([0-9]{3})(?![0-9a-z]|\.[0-9])")
# Austria and Switzerland write `Getreideg. 9`; words that end so in full are left alone.
_LANE = re.compile(r"(?<=[a-z]{4})(?<!rin)(?<!we)(?<!ste)(?<!ber)(?<!bur)(?<!eg)g\.(?= ?[0-9])")
_DOTTED_WORD = re.compile(r"\b([a-z])\.(?=[a-z]{2,3}\b)")


def canonical_fields(
    address: Mapping[str, object], unit_number: str | None = None, default_country: str = ""
) -> dict[str, str]:
    """Answer the canonical text of every field of an address (CONTRACT 4.4); "" is a missing field.

    The flat and all else that stands beside the street is in `address_line_2`. The canonical form
    of a canonical form is itself.
    """
    place = place_of(address, default_country)
    street, units = _door(
        shortened(address.get("address_line_1")),
        shortened(address.get("address_line_2")),
        shortened(unit_number),
        place.country,
    )
    return {
        "building_name": place.building_name,
        "address_line_1": street,
        "address_line_2": units,
        "city": place.city,
        "state": place.state,
        "postal_code": place.postal_code,
        "country": place.country,
    }


def canonical_text(
    address: Mapping[str, object], unit_number: str | None = None, default_country: str = ""
) -> str:
    """Answer the canonical form as one line for people: `street | units | city | ...`."""
    fields = canonical_fields(address, unit_number, default_country)
    order = ("address_line_1", "address_line_2", "building_name", "city", "state", "postal_code")
    return " | ".join([*(fields[name] for name in order), fields["country"]])


def address_key(
    address: Mapping[str, object], unit_number: str | None = None, default_country: str = ""
) -> str:
    """Answer the key of an address: 64 hex digits, equal exactly when the canonical forms are."""
    fields = canonical_fields(address, unit_number, default_country)
    form = f"{RECIPE}\n" + "\n".join(fields.values())
    return hashlib.sha256(form.encode()).hexdigest()


def _tokens(value: str, words: Words) -> list[str]:
    """Answer the words of a line, phrases replaced, box numbers whole."""
    text = fold(value, words.umlauts)
    if not text:
        return []
    if words.dotted_thousands and "." in text:
        text = _THOUSANDS.sub(r"\1\2", text)
    if words.dotted_words and "." in text:
        text = _DOTTED_WORD.sub(r"\1", text)
    if words.country in ("AT", "CH") and "g." in text:
        text = _LANE.sub("gasse", text)
    tokens = replaced(split_words(text), words)
    return _box(tokens, words) if "box" in tokens else tokens


def _box(tokens: list[str], words: Words) -> list[str]:
    """Answer the words of a line with its post box apart, without `#`; German ones group digits."""
    at = tokens.index("box") - 1
    if at < 0 or tokens[at] not in _BOXES:
        return tokens
    rest = tokens[at + 2 :]
    while rest and (rest[0] in ",#" or rest[0] in words.number_words):
        rest = rest[1:]
    if words.umlauts and rest and all(map(str.isdigit, rest)):
        rest = ["".join(rest)]
    return [*tokens[:at], ",", tokens[at], "box", *rest]


@lru_cache(CACHED)
def _line(value: str, code: str) -> tuple[list[Level], Segments]:
    """Answer the levels and the street of a line; a caller must not change them."""
    words = words_of(code)
    return parted(_tokens(value, words), words)


@lru_cache(CACHED)
def _second_line(value: str, code: str) -> tuple[list[Level], Segments]:
    """Answer the same of the second line, where `12B` alone is a flat."""
    words = words_of(code)
    tokens = _tokens(value, words)
    whole = levels(tokens, words, bare=True)
    return (whole, []) if whole else parted(tokens, words)


def _door(line_1: str, line_2: str, unit: str, code: str) -> tuple[str, str]:
    """Answer the canonical street and units of the two lines and the unit number."""
    street, units, settled = _door_once(line_1, line_2, unit, code)
    for _ in range(_ROUNDS):
        before = street, units
        if not settled:
            street, units, _ = _door_once(street, units, "", code)
        if settled or before == (street, units):
            return capped(street), capped(units)
    return sealed(f"{line_1}\n{line_2}\n{unit}"), ""


class _Street(NamedTuple):
    """A canonical street, and whether it surely reads back as itself."""

    text: str
    is_plain: bool


class _Lines(NamedTuple):
    """All that two lines say without a unit number: the flats of a house share it."""

    found: tuple[Level, ...]
    street: _Street
    hidden: tuple[Level, ...]
    """The flat that the house number may hold, and the street without it."""
    outer: _Street
    rest: str | None
    """What is left of the second line beside levels."""


@lru_cache(CACHED)
def _both_lines(line_1: str, line_2: str, code: str) -> _Lines:
    """Answer what the two lines say."""
    words = words_of(code)
    first, left = _line(line_1, code)
    second: list[Level] = []
    rest: Segments = []
    if line_2:
        second, rest = _second_line(line_2, code)
        if not left and rest:
            left, rest = rest, []
        elif rest and goes_on(left, rest, words):
            second, rest = [], []
            first, left = _line(f"{line_1}, {line_2}", code)
    hidden, outer = implied(left, words)
    rest = [[words.levels.get(token, token) for token in segment] for segment in rest]
    return _Lines(
        (*first, *second),
        _street(left, words),
        tuple(hidden),
        _street(outer, words),
        folded_street(rest, words) if rest else None,
    )


def _street(segments: Segments, words: Words) -> _Street:
    text = folded_street(segments, words) if segments else ""
    return _Street(text, is_plain(text, words))


def _door_once(line_1: str, line_2: str, unit: str, code: str) -> tuple[str, str, bool]:
    """Answer street, units, and whether another round could change nothing."""
    found, street, hidden, outer, rest = _both_lines(line_1, line_2, code)
    units = _units(found, hidden, unit, code)
    if units.has_hidden:
        street = outer
    if rest is None:
        return street.text, units.text, street.is_plain and units.are_simple
    return street.text, f"{rest} {units.text}".rstrip(), False


class _Units(NamedTuple):
    """What stands beside the street, whether it surely reads back as itself, and whether the flat that
    the house number may hold is in it."""

    text: str
    are_simple: bool
    has_hidden: bool


@lru_cache(CACHED)
def _units(found: tuple[Level, ...], hidden: tuple[Level, ...], unit: str, code: str) -> _Units:
    """Answer the levels that the lines name, with the unit number: houses number their flats alike."""
    words = words_of(code)
    levels_found: Sequence[Level] = found
    if unit and not names_flat(found):
        levels_found = numbered(found, _unit(unit, code))
    has_hidden = bool(hidden) and (not names_flat(levels_found) or set(hidden) <= set(levels_found))
    if has_hidden:
        levels_found = [*levels_found, *hidden]
    if len(levels_found) > 1 or words.floor_ordinals:
        levels_found = arranged(levels_found, words)
    return _Units(text_of(levels_found), are_simple(levels_found), has_hidden)


@lru_cache(CACHED)
def _unit(value: str, code: str) -> tuple[Level, ...]:
    """Answer the levels that a unit number names: `12`, `Apt 12` and `#12` are one flat."""
    words = words_of(code)
    tokens = _tokens(value, words)
    found = levels(tokens, words, bare=True)
    if found is None:
        return (("unit", " ".join(token for token in tokens if token not in ",#")),)
    return tuple(found)


def forget() -> None:
    """Empty the caches: only a benchmark needs it."""
    forget_places()
    for cached in (_line, _second_line, _both_lines, _units, _unit):
        cached.cache_clear()
