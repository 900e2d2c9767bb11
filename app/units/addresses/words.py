"""The tables of the address key: what each country calls streets, flats, states and itself.

One JSON file per language or country in `tables/`, read once at import. A country's words
are those of its languages, the first one winning, under its own.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from app.units.addresses.text import plain

_FOLDER = Path(__file__).with_name("tables")
_SECTIONS = (
    "types_last", "types_first", "types_numbered", "endings", "directions", "levels", "ids",
    "short_levels", "phrases", "words", "words_first", "city_words", "ordinal_words", "states",
    "cities",
)  # fmt: skip
_LISTS = (
    "number_words", "ordinal_endings", "elisions", "postal_prefixes", "dropped", "loose_words",
    "region_words", "links",
)  # fmt: skip
_SUFFIXES = ("bis", "ter", "quater")


Phrases = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
"""Spellings and their canonical words, the longest spelling first."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one country: each section maps a spelling to its canonical word."""

    country: str = ""
    types_last: Mapping[str, str] = field(default_factory=dict)
    types_first: Mapping[str, str] = field(default_factory=dict)
    types_numbered: Mapping[str, str] = field(default_factory=dict)
    endings: Mapping[str, str] = field(default_factory=dict)
    directions: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, str] = field(default_factory=dict)
    short_levels: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    phrases: Mapping[str, Phrases] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    words_first: Mapping[str, str] = field(default_factory=dict)
    city_words: Mapping[str, str] = field(default_factory=dict)
    ordinal_words: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    cities: Mapping[str, str] = field(default_factory=dict)
    number_words: frozenset[str] = frozenset()
    ordinal_endings: frozenset[str] = frozenset()
    elisions: frozenset[str] = frozenset()
    postal_prefixes: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    loose_words: frozenset[str] = frozenset()
    region_words: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    busy: frozenset[str] = frozenset()
    level_words: frozenset[str] = frozenset()
    marked: frozenset[str] = frozenset()
    umlauts: bool = False
    number_last: bool = False
    joined_types: bool = False
    letter_joins: bool = False
    floor_ordinals: bool = False
    dotted_thousands: bool = False
    dotted_words: bool = False
    implied_unit: str = ""
    postal_digits: int = 0


def _read(name: str) -> dict[str, Any]:
    """Answer one table file."""
    table: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return table


def _spellings(section: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Turn `{canonical: [spelling, ...]}` round; a canonical word is a spelling of itself."""
    turned = {canonical.casefold(): canonical for canonical in section}
    for canonical, spellings in section.items():
        for spelling in spellings:
            turned.setdefault(spelling, canonical)
    return turned


def _phrases(section: Mapping[str, str]) -> dict[str, Phrases]:
    """Index phrases by their first word, the longest first."""
    found: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for spelling, canonical in section.items():
        if spelling != canonical:
            words = tuple(spelling.split())
            found.setdefault(words[0], []).append((words, tuple(canonical.split())))
    return {
        first: tuple(sorted(rest, key=lambda pair: -len(pair[0]))) for first, rest in found.items()
    }


def _merged(code: str, tables: list[dict[str, Any]]) -> Words:
    """Lay tables over each other: in every section the first table that has a spelling wins."""
    values: dict[str, Any] = {"country": code}
    for section in _SECTIONS:
        merged: dict[str, str] = {}
        for table in tables:
            for spelling, canonical in _spellings(table.get(section, {})).items():
                merged.setdefault(spelling, canonical)
        values[section] = {
            spelling: merged.get(canonical, canonical) for spelling, canonical in merged.items()
        }
    values["endings"] = dict(sorted(values["endings"].items(), key=lambda pair: -len(pair[0])))
    values["phrases"] = _phrases(values["phrases"])
    for name in _LISTS:
        values[name] = frozenset(word for table in tables for word in table.get(name, ()))
    for table in reversed(tables):
        values.update(table.get("rules", {}))
    values.update(_quick(values))
    return Words(**values)


def _quick(values: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Answer sets that tell at once that a street has nothing to look at closely.

    `busy`: numbers and ordinals; `level_words`: flats and floors; `marked`: those and phrases.
    """
    letters = ascii_lowercase if values.get("letter_joins") else ""
    ordinals = {word for word, figures in values["ordinal_words"].items() if word != figures}
    level_words = frozenset(values["levels"]) | frozenset(values["short_levels"])
    return {
        "busy": frozenset({*letters, *ordinals, *_SUFFIXES})
        | values["number_words"]
        | values["elisions"],
        "level_words": level_words,
        "marked": level_words | frozenset(values["phrases"]) | {"box"},
    }


def _country_names(table: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Index every spelling of every country by its folded form."""
    return {
        " ".join(plain(spelling)): code
        for code, spellings in table.items()
        for spelling in (code, *spellings)
    }


_LEVELS = _read("levels")
_COUNTRIES = _country_names(_read("countries")["names"])
_COUNTRY_FILES = (
    "us", "ca", "gb", "ie", "au", "nz", "de", "at", "ch", "fr", "be", "nl", "es", "it", "pt", "br",
    "pl", "lu", "ru",
)  # fmt: skip


def _country_words(name: str) -> Words:
    """Answer the merged words of a country file."""
    own = _read(name)
    languages = [_read(language) for language in own["languages"]]
    return _merged(name.upper(), [own, *languages, _LEVELS])


_WORDS = {name.upper(): _country_words(name) for name in _COUNTRY_FILES}
_OTHER = _country_words("other")


def country_code(value: object) -> str:
    """Answer the ISO 3166-1 alpha-2 code of a country however spelt; an unknown name stays."""
    name = plain(value)
    return _COUNTRIES.get(" ".join(name)) or _COUNTRIES.get("".join(name)) or " ".join(name)


def words_of(code: str) -> Words:
    """Answer the words of a country code; other countries, and none, share the English words."""
    return _WORDS.get(code, _OTHER)


def replaced(tokens: list[str], words: Words) -> list[str]:
    """Answer the tokens with the phrases of the country in their canonical words."""
    phrases = words.phrases
    if phrases.keys().isdisjoint(tokens):
        return tokens
    answer: list[str] = []
    skip = 0
    for at, token in enumerate(tokens):
        if skip:
            skip -= 1
            continue
        if token in phrases:
            skip = _phrase(answer, tokens, at, phrases[token])
        if skip:
            skip -= 1
        else:
            answer.append(token)
    return answer


def _phrase(answer: list[str], tokens: list[str], at: int, phrases: Phrases) -> int:
    """Append the canonical words of the phrase at a place, and answer how long that was, or 0."""
    for spelling, canonical in phrases:
        if tuple(tokens[at : at + len(spelling)]) == spelling and not _is_end(
            answer, spelling, canonical
        ):
            answer += canonical
            return len(spelling)
    return 0


def _is_end(answer: list[str], spelling: tuple[str, ...], canonical: tuple[str, ...]) -> bool:
    """Say whether a spelling is only the end of its canonical phrase, which stands there."""
    ahead = len(canonical) - len(spelling)
    return (
        ahead > 0 and canonical[ahead:] == spelling and tuple(answer[-ahead:]) == canonical[:ahead]
    )
