"""What a text may hold, and how it is made clean: pure functions of text.

Source: CONTRACT 2 and 4.1 (control characters, lengths, NFC, trimming); the rest is ours,
docs/decisions.md.
"""

import re
import unicodedata

MAX_TEXT = 255
MAX_MARKS = 8
"""Combining marks in a row: no script needs more, and hundreds of them paint over other lines."""

LONGEST_NAME, LONGEST_TOLD = 100, 300
"""How many characters an error repeats of an unknown name, and of a reference."""

LONGEST_SHRINK = 4
"""NFC makes one character of at most four."""

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
CONTROL_BUT_FNC1 = re.compile(r"[\x00-\x1c\x1e\x1f\x7f-\x9f]")
INVISIBLE_BMP = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
INVISIBLE = re.compile(
    rf"[{INVISIBLE_BMP}\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What no eye sees: Unicode's Default_Ignorable_Code_Point (zero width, bidi controls, variation
selectors, tags), interlinear annotation, and the line and paragraph separators."""

NONCHARACTER_BMP = r"\ufdd0-\ufdef\ufffe\uffff"
ASTRAL = "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
NONCHARACTER = re.compile(f"[{NONCHARACTER_BMP}{ASTRAL}]")
UNDECODED = "\ufffd"
"""What stands where a path or a query was no UTF-8."""

TOLD = re.compile(f"{CONTROL.pattern}|{INVISIBLE.pattern}|{NONCHARACTER.pattern}")


def clean_text(text: str) -> str:
    """Answer ``text`` as it is stored and compared: NFC, trimmed. Source: CONTRACT 4.3.

    A text too long to be valid is answered as it is: composing thousands of marks takes long.
    """
    # Only white space is cut: FNC1 counts as such for Python, but is data in a barcode.
    trimmed = text.strip() if "\x1d" not in text else text.strip(" ")
    if len(trimmed) > MAX_TEXT * LONGEST_SHRINK:
        return trimmed
    return unicodedata.normalize("NFC", trimmed)


def is_clean_reference(text: str) -> bool:
    """Tell whether ``text``, once clean, can be somebody's reference: what a reference field accepts."""
    return (
        0 < len(text) <= MAX_TEXT
        and not CONTROL.search(text)
        and UNDECODED not in text
        and find_odd_character(text) is None
        and not INVISIBLE.search(text)
    )


def usable_reference(text: str) -> str:
    """Answer ``text`` as references are stored; an empty one, which is nobody's, if it can be none.

    Control characters count before trimming, as in a field: ``A-1%0A`` is not ``A-1``.
    """
    wanted = clean_text(text)
    return wanted if not CONTROL.search(text) and is_clean_reference(wanted) else ""


def find_odd_character(text: str) -> str | None:
    """Answer what is odd in a clean ``text``: ``"noncharacter"``, ``"marks"``, or None."""
    if text.isascii():
        return None
    if NONCHARACTER.search(text):
        return "noncharacter"
    return "marks" if has_stacked_marks(text) else None


def has_stacked_marks(text: str) -> bool:
    """Tell whether more than ``MAX_MARKS`` marks without a width of their own follow each other."""
    run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if run > MAX_MARKS:
            return True
    return False


def tell(name: object, limit: int = LONGEST_TOLD) -> str:
    """Answer what a client wrote, fit to be repeated in an error: cut, and nothing unseen in it."""
    return TOLD.sub(UNDECODED, str(name)[:limit])
