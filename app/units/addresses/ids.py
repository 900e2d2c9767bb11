"""How a flat, floor or building is named: the word of its class and its id (CONTRACT 4.4)."""

import re
from collections.abc import Sequence

from app.units.addresses.words import Words

WITHOUT_ID = frozenset(
    ["rear", "front", "basement", "left", "right", "middle", "upper", "lower", "lobby",
     "rearside", "frontside", "gardenhouse", "backyard", "interior", "exterior"]
)  # fmt: skip
"""Classes that never have an id."""

NUMBERED: dict[str | None, str] = {"rear": "rearhouse", "basement": "cellar"}
"""What those are called of which a German, Spanish or Polish house has several."""

_GLUED = re.compile(r"([a-z]+)([0-9].*)")
_ORDINAL = re.compile(r"([0-9]+)([a-z]+)")
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
_RAISED = ("o", "ra", "da", "ro", "do", "era")


def word_at(tokens: Sequence[str], at: int) -> str:
    """Answer the word at a place; after the last word it is ""."""
    return tokens[at] if at < len(tokens) else ""


def is_id(token: str, words: Words) -> bool:
    """Say whether a word can name one flat, floor or building: it has a digit or is one letter."""
    return (len(token) == 1 and token.isalnum()) or token in words.ids or has_digit(token)


def has_digit(token: str) -> bool:
    """Say whether a word holds a digit."""
    return not token.isalpha() and any(map(str.isdigit, token))


def floor_before(token: str, following: str, words: Words) -> str:
    """Answer the number of a floor written before its word (`2nd floor`, `3. OG`), else ""."""
    if words.levels.get(following) != "floor":
        return ""
    if token.isdigit():
        return token
    if token in _ROMAN and words.number_last:
        return _ROMAN[token]
    return floor_number(token, words)


def floor_number(token: str, words: Words) -> str:
    """Answer the number of an ordinal in figures or in a word: `2nd`, `second`; else ""."""
    match = _ORDINAL.fullmatch(words.ordinal_words.get(token, token))
    return match[1] if match and match[2] in words.ordinal_endings else ""


def whole_id(tokens: Sequence[str], at: int, words: Words) -> tuple[str, int]:
    """Answer the id at a place, with its letter (`4 B`, `B 4`) or not, and the place after it.

    The m of `klatka 2 m. 14` begins another level.
    """
    token = tokens[at]
    if at + 1 < len(tokens):
        after = tokens[at + 1]
        if after in words.short_levels and at + 2 < len(tokens) and has_digit(tokens[at + 2]):
            return token, at + 1
        if token[-1].isdigit() and len(after) == 1 and after.isalpha():
            return token + after, at + 2
        if len(token) == 1 and token.isalpha() and after.isdigit() and at + 2 == len(tokens):
            return token + after, at + 2
    return token, at + 1


def named_id(tokens: Sequence[str], at: int, words: Words, strict: bool) -> tuple[str, int]:
    """Answer the id after the word of a level, and the place after it; "" is a level alone."""
    start = at
    while at + 1 < len(tokens) and (
        tokens[at] == "#" or (tokens[at] in words.number_words and has_digit(tokens[at + 1]))
    ):
        at += 1
    if at < len(tokens) and is_id(tokens[at], words):
        if (
            at + 1 < len(tokens)
            and floor_before(tokens[at], tokens[at + 1], words)
            and not tokens[at].isdigit()
        ):
            return "", start
        name, at = whole_id(tokens, at, words)
        return words.ids.get(name, name), at
    if not strict and at < len(tokens) and _is_name(tokens, at, words):
        return tokens[at], at + 1
    return "", start


def _is_name(tokens: Sequence[str], at: int, words: Words) -> bool:
    """Say whether a word is the id of the level before it because nothing else follows."""
    if tokens[at] in words.levels or tokens[at] in ",#":
        return False
    return at + 1 == len(tokens) or tokens[at + 1] == "," or tokens[at + 1] in words.levels


def level_class(token: str, words: Words, before: str) -> tuple[str, str]:
    """Answer the class that a word names and the id glued to it (`apt4`); ("", "") is no level.

    Words of one letter (`m. 4` in Poland) count only after a number or first.
    """
    match = _GLUED.fullmatch(token)
    word, name = match.groups() if match else (token, "")
    kind = words.levels.get(word, "")
    if not kind and (not before or before[0].isdigit()):
        kind = words.short_levels.get(word, "")
    return (kind, name) if kind and not (name and kind in WITHOUT_ID) else ("", "")


def word_before(tokens: Sequence[str], at: int, after_level: bool) -> str:
    """Answer the word before a place; `0` after a level or a letter that belongs to a number."""
    if after_level or (at > 1 and len(tokens[at - 1]) == 1 and tokens[at - 2][0].isdigit()):
        return "0"
    return tokens[at - 1] if at else ""


def plain_ordinal(token: str) -> str:
    """Answer `2` for `2o` (the folded `2º`), any other word as it is."""
    match = _ORDINAL.fullmatch(token)
    return match[1] if match and match[2] in _RAISED else token


def one_of_several(
    tokens: Sequence[str], at: int, words: Words, strict: bool
) -> tuple[str, str] | None:
    """Answer the class and number of one of several: `2. Hinterhaus`, `UG 2`; else None."""
    first, second = tokens[at], word_at(tokens, at + 1)
    kind = NUMBERED.get(words.levels.get(first))
    if kind and has_digit(second):
        return None if floor_before(second, word_at(tokens, at + 2), words) else (kind, second)
    kind = NUMBERED.get(words.levels.get(second))
    apart = not strict or (tokens[at - 1][0].isdigit() if at else len(tokens) == 2)
    return (kind, first) if kind and apart and first.isdigit() else None


def floor_id(name: str, words: Words) -> str:
    """Answer the id of a floor without the ending of an ordinal: `2nd`, `second`, `2o` are 2."""
    figures = words.ordinal_words.get(name, name)
    if words.number_last:
        return plain_ordinal(_ROMAN.get(figures, figures))
    match = _ORDINAL.fullmatch(figures)
    # One letter is more likely part of the id: `Floor 2E` in Canada.
    ends = match is not None and len(match[2]) > 1 and match[2] in words.ordinal_endings
    return match[1] if match and ends else figures


def floor_after(token: str, words: Words) -> str:
    """Answer the number of a floor glued to its word, as in `2fl`, else ""."""
    match = _ORDINAL.fullmatch(token)
    return match[1] if match and words.levels.get(match[2]) == "floor" else ""
