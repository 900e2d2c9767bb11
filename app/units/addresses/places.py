"""What stands beside the door: the building, city, state, postal code and country (CONTRACT 4.4)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from app.units.addresses.text import LIMIT, fold, plain, sealed, shortened
from app.units.addresses.words import country_code, words_of

CACHED = 4096
"""Texts of a kind that are remembered: cities, states and streets come again and again."""


class Place(NamedTuple):
    """The canonical texts of all fields but those of the door."""

    building_name: str
    city: str
    state: str
    postal_code: str
    country: str


def place_of(address: Mapping[str, object], default_country: str) -> Place:
    """Answer where the door is; all doors of a house have it in common."""
    get = address.get
    return _place(
        shortened(get("building_name")),
        shortened(get("city")),
        shortened(get("state")),
        shortened(get("postal_code")),
        shortened(get("country")),
        shortened(default_country),
    )


@lru_cache(CACHED)
def _place(building: str, town: str, region: str, postal: str, name: str, default: str) -> Place:
    code = country(name) or country(default)
    return Place(
        capped(" ".join(plain(building, words_of(code).umlauts))),
        city(town, code),
        state(region, code),
        postal_code(postal, code),
        code,
    )


def capped(text: str) -> str:
    """Answer canonical text, or the word that stands for it where it grew too long."""
    return text if len(text) <= LIMIT else sealed(text)


@lru_cache(CACHED)
def country(value: str) -> str:
    """Answer the ISO code of a country however spelt, cached."""
    return capped(country_code(value))


@lru_cache(CACHED)
def city(value: str, code: str) -> str:
    """Answer the canonical city: saints and directions spelt out, one name where it has several."""
    words = words_of(code)
    tokens = plain(value, words.umlauts)
    for at in range(len(tokens) - 1):
        if at == 0:
            tokens[0] = words.words_first.get(tokens[0], tokens[0])
            tokens[0] = words.city_words.get(tokens[0], tokens[0])
        tokens[at] = words.words.get(tokens[at], tokens[at])
    name = " ".join(tokens)
    return capped(words.cities.get(name, name))


@lru_cache(CACHED)
def state(value: str, code: str) -> str:
    """Answer the code of a state or province where it is known, else its name."""
    words = words_of(code)
    tokens = plain(value, words.umlauts)
    known = words.states.get(" ".join(tokens)) or words.states.get("".join(tokens))
    while known is None and len(tokens) > 1 and tokens[0] in words.region_words:
        tokens = tokens[1:]
        known = words.states.get(" ".join(tokens))
    return capped(known or " ".join(tokens))


@lru_cache(CACHED)
def postal_code(value: str, code: str) -> str:
    """Answer a postal code without separators, and without the country before it (`D-10115`).

    A first zero that a spreadsheet dropped is put back where every code has as many digits.
    """
    plain_code = value.isascii() and value.isalnum()
    text = value if plain_code else "".join(filter(str.isalnum, fold(value)))
    # Letters of other scripts may join once the signs between them are gone.
    text = text.upper() if text.isascii() else fold(text)
    words = words_of(code)
    for prefix in words.postal_prefixes:
        if text.startswith(prefix) and text[len(prefix) : len(prefix) + 1].isdigit():
            text = text[len(prefix) :]
            break
    if words.postal_digits - len(text) in (1, -3) and text.isdigit():
        text = "0" + text
    return capped(text)


def forget_places() -> None:
    """Empty the caches: only a benchmark needs it."""
    for cached in (_place, country, city, state, postal_code):
        cached.cache_clear()
