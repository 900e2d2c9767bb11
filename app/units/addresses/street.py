"""The street of an address: number, directions, name and type in canonical words (CONTRACT 4.4)."""

import re
from collections.abc import Sequence

from app.units.addresses.english import type_last
from app.units.addresses.words import Words

_GLUED = re.compile(r"([a-z]{6,})([0-9]+[a-z]?)")
_SUFFIXES = ("bis", "ter", "quater")
_ROADS = frozenset(["carretera", "estrada", "rodovia", "route"])
# Abbreviations that are words as well: `Rua do Mar de Dentro` has no marshal.
_NOUNS = frozenset(["cap", "col", "mar", "pe"])
_LINKS = frozenset(["d", "da", "das", "de", "del", "des", "do", "dos", "du", "sn", "km", "lote"])
_ARTICLES = frozenset(["el", "l", "la", "las", "les", "lo", "los", "els"])
_TENS = {
    "twenty": "2", "thirty": "3", "forty": "4", "fifty": "5", "sixty": "6", "seventy": "7",
    "eighty": "8", "ninety": "9",
}  # fmt: skip


def folded_street(segments: Sequence[Sequence[str]], words: Words) -> str:
    """Answer the canonical street from the words between its commas."""
    text = _once(segments, words)
    if len(segments) > 1 or (words.types_first and _moves(segments[0][0], words)):
        for _ in range(4):
            before, text = text, _once([text.split()], words)
            if text == before:
                break
    return text


def _moves(first: str, words: Words) -> bool:
    """Say whether another round may find more, as after a house number has gone last."""
    return first[0].isdigit() or first in words.busy or bool(words.types_last)


def _once(segments: Sequence[Sequence[str]], words: Words) -> str:
    """Fold each segment by the rules for the end of a street, then all by those for its start."""
    answer: list[str] = []
    for segment in segments:
        tokens = [token for token in segment if token not in words.dropped]
        tokens = _numbers(tokens or list(segment), words)
        if words.endings:
            tokens = _endings(tokens, words)
        if words.types_last:
            tokens = type_last(tokens, words)
        answer += tokens
    if words.types_first:
        answer = _type_first(answer, words)
    return " ".join(answer)


def _numbers(tokens: list[str], words: Words) -> list[str]:
    """Drop `no` before a number, join `12 a` where that is safe, write ordinals in figures."""
    if words.busy.isdisjoint(tokens):
        return tokens
    answer: list[str] = []
    last = len(tokens) - 1
    for at, token in enumerate(tokens):
        following = tokens[at + 1] if at < last else ""
        if words.ordinal_words.get(token, token)[0].isdigit():
            _drop_number_words(answer, words)
        before = answer[-1] if answer else ""
        if before and (
            (before in words.elisions and token[0] in "aeiouh")
            or (words.letter_joins and _joins(answer, token, following, words))
        ):
            answer[-1] = before + token
        elif words.ordinal_words:
            _ordinal(answer, token, words)
        else:
            answer.append(token)
    return answer


def _drop_number_words(answer: list[str], words: Words) -> None:
    """Drop `no` before a number; in English only at the start: `12 No 5th St` may mean North."""
    while (
        answer
        and answer[-1] in words.number_words
        and (len(answer) == 1 or not words.types_last)
        and not _is_letter(answer, words)
    ):
        answer.pop()


def _is_letter(answer: list[str], words: Words) -> bool:
    """Say whether an N is the name of a street and no `number`: `Calle N, 5`."""
    return answer[-1] == "n" and len(answer) > 1 and answer[-2] in words.types_first


def _joins(answer: list[str], token: str, following: str, words: Words) -> bool:
    """Say whether a letter belongs to the number before it: `12 a`, `12 bis`."""
    before = answer[-1]
    if not before[-1].isdigit() or not before[0].isdigit():
        road = before == "n" and len(answer) > 1 and words.types_first.get(answer[-2]) in _ROADS
        return road and token[0].isdigit()
    if token in _SUFFIXES:
        return True
    if len(token) != 1 or not token.isalpha():
        return False
    if words.number_last:
        return not following or following in words.types_first
    return (
        len(answer) == 1
        and token in "abcd"
        and len(following) > 1
        and (following not in words.types_last and following != "saint")
    )


def _ordinal(answer: list[str], token: str, words: Words) -> None:
    """Append a word, an ordinal in figures: `fifth` is `5th`, `twenty first` is `21st`."""
    figures = words.ordinal_words.get(token)
    if figures and answer and answer[-1] in _TENS and len(figures) == 3:
        answer[-1] = _TENS[answer[-1]] + figures
    else:
        answer.append(figures or token)


def _endings(tokens: list[str], words: Words) -> list[str]:
    """Write out the type at the end of a compound (`hauptstr`), and join one that stands apart."""
    tokens = [part for token in tokens for part in _unglued(token, words)]
    answer: list[str] = []
    last = len(tokens) - 1
    for at, token in enumerate(tokens):
        if not at and token in words.types_first:
            answer.append(token)
            continue
        token = words.words.get(token, token) if at < last else token
        for ending, canonical in words.endings.items():
            if token.endswith(ending) and len(token) - len(ending) >= 3:
                token = token[: -len(ending)] + canonical
                break
        else:
            token = words.endings.get(token, token)
            if (
                words.joined_types
                and answer
                and token in words.endings
                and answer[-1].isalpha()
                and answer[-1] not in words.loose_words
            ):
                token = answer.pop() + token
        answer.append(token)
    return answer


def _unglued(token: str, words: Words) -> tuple[str, ...]:
    """Answer the street and the number of a word such as `hauptstr5`."""
    match = _GLUED.fullmatch(token)
    return match.groups() if match and match[1].endswith(tuple(words.endings)) else (token,)


def _unlink(tokens: list[str], at: int, words: Words) -> None:
    """Drop the `de` after a type where maps leave it out: `Calle de Alcalá`, not `de la Luz`."""
    while (
        len(tokens) > at + 1
        and tokens[at] in words.links
        and tokens[at + 1].isalpha()
        and tokens[at + 1] not in _ARTICLES
    ):
        del tokens[at]


def _is_title(tokens: list[str], at: int) -> bool:
    """Say whether an abbreviation may be one: a name follows, so `Rua do Mar 5` has no marshal."""
    following = tokens[at + 1]
    if tokens[at] in _NOUNS and (following in _LINKS or (at and tokens[at - 1] == "do")):
        return False
    return not following[0].isdigit()


def _may_move(street: list[str], words: Words) -> bool:
    """Say whether a house number may go last: the N of `7 rue Foch N` would turn into `no. 7`."""
    return street[-1] not in words.number_words and not any(part[0].isdigit() for part in street)


def _type_first(tokens: list[str], words: Words) -> list[str]:
    """Fold the type of a street that begins with it; a house number before the type goes last."""
    start = 1 if tokens and tokens[0][0].isdigit() else 0
    if len(tokens) - start < 2 or tokens[:2] == ["po", "box"]:
        return tokens
    answer = tokens.copy()
    kind = words.types_first.get(tokens[start])
    if kind:
        answer[start] = kind
    first = start + 1 if kind else start
    if kind and words.links:
        _unlink(answer, first, words)
    for at in range(first, len(answer) - 1):
        full = words.words.get(answer[at])
        if full and full != answer[at] and _is_title(answer, at):
            answer[at] = full
    if kind and start and words.number_last and _may_move(answer[1:], words):
        answer.append(answer.pop(0))
    return answer
