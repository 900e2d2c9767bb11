"""Folding of text to comparable words: the first step of the address key (CONTRACT 4.4).

Pure, and linear in the length of the text.
"""

import hashlib
import re
import unicodedata

LIMIT = 600
"""Longer text is compared as it is, by its hash: CONTRACT 4.1 stops at 255 characters, so only
hostile text is longer, and normalising thousands of combining marks would take quadratic time."""

_HEX_TO_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_APOSTROPHES = "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u2018\u2019\u201a\u201b\u2032\uff07\uff40"
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_LATIN = {
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ß": "ss",
}  # fmt: skip
_ASCII = {
    **{chr(code): " " for code in range(128) if not chr(code).isalnum()},
    **dict.fromkeys(",;\n\r()|[]", ","),
    "#": "#",
    ".": ".",
    "/": "/",
    "-": "-",
    "&": " and ",
    "'": "",
    "`": "",
}
_ASCII_MAP = str.maketrans(_ASCII)

_DOTTED = re.compile("(?<=[A-Za-z])\\.(?=[\u00ba\u00aa])")
_RAISED = re.compile("(?<=[0-9])\\.?[\u00ba\u00b0]")
_RAISED_FEMININE = re.compile("(?<=[0-9])\\.?\u00aa")
# Signs that NFKC turns into digits or letters, kept off their neighbours: halves, powers, circles.
_SIGNS = re.compile(
    "([\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209c\u2100-\u2125\u2127-\u2129\u212c-\u218b"
    "\u2460-\u24ff\u2776-\u2793\u3200-\u33ff\U0001f100-\U0001f1ff])"
)
_MARKS_ON_LATIN = re.compile("(?<![^a-z0-9 ,#./-])[\u0300-\u036f]+")
_SPACED_RANGE = re.compile(r"(?<=[0-9]) ?([/-]) ?(?=[0-9]+(?:[ ,/-]|$))")
# A minus before a number, as in `Floor -1`; after a number it is a range.
_MINUS = re.compile(r"(?<![^ ,])(?<![0-9] )(?<![0-9]o )-(?=[0-9])")
_LETTERED = re.compile(r"(?<=[0-9])[/-](?=[a-z](?:[ ,/-]|$))")
_LOOSE = re.compile(r"[./-](?![0-9])|(?<![0-9])(?<![0-9][a-z])[./-]")


class _Letters(dict[int, str]):
    """Answers the folded form of one character, for `str.translate`; it keeps Latin letters."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = unicodedata.category(char)
        if kind == "Pd":
            return "-"
        if kind == "Nd":
            return str(unicodedata.digit(char))
        if kind[0] not in "LMN":
            return "" if kind == "Cf" else " "
        if kind[0] != "L" or not unicodedata.name(char, "").startswith("LATIN"):
            return char
        base = unicodedata.normalize("NFD", char)[0]
        self[code] = _LATIN.get(base, base)
        return self[code]


_LETTERS = _Letters({ord(char): value for char, value in _ASCII.items()})
_LETTERS.update({code: chr(code) for code in range(128) if chr(code).isalnum()})
_LETTERS.update({ord("\u2044"): "/", ord("\u2215"): "/", ord("\u2212"): "-"})
_LETTERS.update(dict.fromkeys(map(ord, "،、，；;。"), ","))
_LETTERS.update(dict.fromkeys(map(ord, _APOSTROPHES), ""))


def sealed(text: str) -> str:
    """Answer one word of 64 letters that stands for a text too long to fold."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return digest.translate(_HEX_TO_LETTERS)


def shortened(value: object) -> str:
    """Answer a field as text of at most LIMIT characters; anything but text is "", missing."""
    if not isinstance(value, str):
        return ""
    if len(value) <= LIMIT:
        return value
    value = " ".join(value.split())
    return value if len(value) <= LIMIT else sealed(value)


def fold(value: object, umlauts: bool = False) -> str:
    """Answer the text in lower case with plain Latin letters; of punctuation only `, # . / -` stay.

    With `umlauts`, `ä` is `ae`, as in German-speaking countries. No text, or text without a letter
    or digit, is "".
    """
    if not isinstance(value, str) or len(value) > LIMIT:
        value = shortened(value)
    if not value:
        return ""
    text = value.lower().translate(_ASCII_MAP) if value.isascii() else _fold_any(value, umlauts)
    if len(text) > LIMIT:
        return sealed(value)
    if not text.isalnum() and not any(map(str.isalnum, text)):
        return ""
    return text


def _fold_any(text: str, umlauts: bool) -> str:
    """Fold text that is not plain ASCII, until another round would change nothing."""
    for _ in range(4):
        before, text = text, _fold_once(text, umlauts)
        if text.isascii() or text == before:
            break
    return text


def _fold_once(text: str, umlauts: bool) -> str:
    """One round: our own signs, NFKC and case folding, umlauts, other Latin letters, marks."""
    if "\u00ba" in text or "\u00b0" in text or "\u00aa" in text:
        text = _DOTTED.sub("", text)
        for sign in ("n\u00ba", "n\u00b0", "N\u00ba", "N\u00b0"):
            text = text.replace(sign, "no ")
        text = _RAISED_FEMININE.sub("ra ", _RAISED.sub("o ", text))
    text = _SIGNS.sub(r" \1 ", text)
    text = unicodedata.normalize("NFKC", text).casefold()
    text = unicodedata.normalize("NFKC", text)
    if umlauts:
        text = text.translate(_UMLAUTS)
    return _MARKS_ON_LATIN.sub("", text.translate(_LETTERS))


def words(folded: str) -> list[str]:
    """Answer the words of folded text, and `,` `#`; numbers stay whole (`12-14`, `1/2`, `2.01`)."""
    text = folded
    if "-" in text or "/" in text:
        text = _LETTERED.sub("", _SPACED_RANGE.sub(r"\1", " ".join(text.split())))
        text = _LOOSE.sub(" ", _MINUS.sub("minus", text))
    elif "." in text:
        text = _LOOSE.sub(" ", text)
    if "," in text or "#" in text:
        text = text.replace(",", " , ").replace("#", " # ")
    return text.split()


def plain(value: object, umlauts: bool = False) -> list[str]:
    """Answer only the words with a letter or digit: for cities, states and names of buildings."""
    return [word for word in words(fold(value, umlauts)) if word not in ",#"]
