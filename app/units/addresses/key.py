"""The address key: which two postal addresses are the same door (CONTRACT 4.4).

Everything here is a pure function of the text; how it decides is told in docs/addresses.md.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache

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
from app.units.addresses.street import folded_street
from app.units.addresses.text import LIMIT, fold, plain, sealed, shortened
from app.units.addresses.text import words as split_words
from app.units.addresses.words import Words, country_code, replaced, words_of

RECIPE = 1
"""The version of the recipe; a change that gives any address another key raises it."""

_BOXES = ("po", "gpo")
_ROUNDS = 6
_CACHED = 8192
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
    code = country(shortened(address.get("country"))) or country(shortened(default_country))
    words = words_of(code)
    street, units = _door(
        shortened(address.get("address_line_1")),
        shortened(address.get("address_line_2")),
        shortened(unit_number),
        code,
    )
    return {
        "building_name": _capped(" ".join(plain(address.get("building_name"), words.umlauts))),
        "address_line_1": street,
        "address_line_2": units,
        "city": _city(shortened(address.get("city")), code),
        "state": _state(shortened(address.get("state")), code),
        "postal_code": _postal_code(shortened(address.get("postal_code")), code),
        "country": code,
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


def _capped(text: str) -> str:
    """Answer canonical text, or the word that stands for it where it grew too long."""
    return text if len(text) <= LIMIT else sealed(text)


@lru_cache(_CACHED)
def country(value: str) -> str:
    """Answer the ISO code of a country however spelt, cached."""
    return _capped(country_code(value))


@lru_cache(_CACHED)
def _city(value: str, code: str) -> str:
    """Answer the canonical city: saints and directions spelt out, one name where it has several."""
    words = words_of(code)
    tokens = plain(value, words.umlauts)
    for at in range(len(tokens) - 1):
        if at == 0:
            tokens[0] = words.words_first.get(tokens[0], tokens[0])
            tokens[0] = words.city_words.get(tokens[0], tokens[0])
        tokens[at] = words.words.get(tokens[at], tokens[at])
    name = " ".join(tokens)
    return _capped(words.cities.get(name, name))


@lru_cache(_CACHED)
def _state(value: str, code: str) -> str:
    """Answer the code of a state or province where it is known, else its name."""
    words = words_of(code)
    tokens = plain(value, words.umlauts)
    known = words.states.get(" ".join(tokens)) or words.states.get("".join(tokens))
    while known is None and len(tokens) > 1 and tokens[0] in words.region_words:
        tokens = tokens[1:]
        known = words.states.get(" ".join(tokens))
    return _capped(known or " ".join(tokens))


@lru_cache(_CACHED)
def _postal_code(value: str, code: str) -> str:
    """Answer a postal code without separators, and without the country before it (`D-10115`).

    A first zero that a spreadsheet dropped is put back where every code has as many digits.
    """
    plain_code = value.isascii() and value.isalnum()
    text = value if plain_code else "".join(filter(str.isalnum, fold(value)))
    # Letters of other scripts may join once the signs between them are gone.
    text = text.upper() if text.isascii() else "".join(filter(str.isalnum, fold(text)))
    words = words_of(code)
    for prefix in words.postal_prefixes:
        if text.startswith(prefix) and text[len(prefix) : len(prefix) + 1].isdigit():
            text = text[len(prefix) :]
            break
    if words.postal_digits - len(text) in (1, -3) and text.isdigit():
        text = "0" + text
    return _capped(text)


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
    before = [*tokens[:at], ","] if at else []
    return [*before, tokens[at], "box", *rest]


@lru_cache(_CACHED)
def _line(value: str, code: str) -> tuple[list[Level], Segments]:
    """Answer the levels and the street of a line; a caller must not change them."""
    words = words_of(code)
    return parted(_tokens(value, words), words)


@lru_cache(_CACHED)
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
            return _capped(street), _capped(units)
    return sealed(f"{line_1}\n{line_2}\n{unit}"), ""


def _door_once(line_1: str, line_2: str, unit: str, code: str) -> tuple[str, str, bool]:
    """Answer street, units, and whether another round could change nothing."""
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
    found = [*first, *second]
    if unit and not names_flat(found):
        found = numbered(found, _unit(unit, code))
    hidden, outer = implied(left, words)
    if hidden and (not names_flat(found) or set(hidden) <= set(found)):
        found, left = [*found, *hidden], outer
    street = folded_street(left, words) if left else ""
    found = arranged(found, words) if len(found) > 1 or words.floor_ordinals else found
    units = text_of(found)
    if not rest:
        return street, units, is_plain(street, words) and are_simple(found)
    rest = [[words.levels.get(token, token) for token in segment] for segment in rest]
    return street, f"{folded_street(rest, words)} {units}".rstrip(), False


@lru_cache(_CACHED)
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
    for cached in (country, _city, _state, _postal_code, _line, _second_line, _unit):
        cached.cache_clear()
