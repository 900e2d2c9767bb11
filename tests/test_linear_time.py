"""No text makes a reader slow out of proportion: ten times the text takes about ten times as long.

Sizes are compared, not times, and only the CPU time of this thread counts. Quadratic would be a
hundredfold; what is done before the clock ticks a few times is not worth judging.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
import pytest
from marshmallow import ValidationError

from app.fields import Barcode, IsoDate, Reference, Text
from app.item_units.barcodes import expiration_date
from app.item_units.schemas import load_many_row
from app.lines import split_lines
from app.paths import path_info
from app.payload import parse_object
from app.query import Cursor, QueryId, UtcTime
from app.texts import clean_text, tell, usable_reference
from app.units.addresses import address_key
from app.units.errors import InvalidJson
from app.units.schemas import load_row

LONG, SHORT = 100_000, 10_000
NOTHING = 0.004
"""Seconds that say nothing: a collection of garbage takes as long."""

TEXTS = {
    "letters": "a", "digits": "1", "spaces": " ", "quotes": '"', "backslashes": "\\", "escapes": '\\"',
    "colons": '":', "spaced colons": '" : ', "braces": "{", "brackets": "(01)", "percents": "%",
    "escaped percents": "%25", "half escapes": "%2", "slashes": "/", "commas": ",",
    "commas and spaces": ", ", "apartments": "apt ", "numbers": "1-", "hashes": "#", "marks": "e\u0301",
    "two marks": "\u0316\u0301", "hangul": "\u1100\u1161\u11a8", "ligatures": "\ufdfa",
    "zero widths": "\u200b", "equals": "=", "dots": ".",
    "GS1": "\x1d10A", "newlines": "\n", "ampersands": "a=1&",
}  # fmt: skip


def quietly(work: Callable[[str], Any]) -> Callable[[str], None]:
    """Answer ``work``, whose refusals do not matter here."""

    def run(text: str) -> None:
        with suppress(ValidationError, InvalidJson):
            work(text)

    return run


def as_body(text: str) -> bytes:
    """Answer a JSON object whose only key and value is ``text``."""
    return orjson.dumps({text: text})


READERS: dict[str, Callable[[str], Any]] = {
    "Text": Text().deserialize,
    "Reference": Reference().deserialize,
    "Barcode": Barcode().deserialize,
    "IsoDate": IsoDate().deserialize,
    "UtcTime": UtcTime().deserialize,
    "QueryId": QueryId().deserialize,
    "Cursor": Cursor().deserialize,
    "clean_text": clean_text,
    "usable_reference": usable_reference,
    "tell": tell,
    "unit row": lambda text: load_row({"identifier": text, text: text, "address": {text: text}}),
    "item-unit row": lambda text: load_many_row({"itemId": text, "unitId": text, "barcode": text}),
    "JSON": lambda text: parse_object(as_body(text), InvalidJson),
    "broken JSON": lambda text: parse_object(text.encode(), InvalidJson),
    "lines": lambda text: list(split_lines([text.encode()])),
    "path": lambda text: path_info({"PATH_INFO": "/x", "RAW_URI": text.encode().decode("latin-1")}),
}


def cpu_time(work: Callable[[str], Any], text: str) -> float:
    """Answer the least of three CPU times of ``work`` on ``text``, in seconds."""
    times = []
    for _ in range(3):
        start = time.thread_time()
        work(text)
        times.append(time.thread_time() - start)
    return min(times)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_ten_times_the_text_takes_ten_times_as_long(reader: Callable[[str], Any]) -> None:
    read = quietly(reader)
    for name, part in TEXTS.items():
        longer = cpu_time(read, part * (LONG // len(part)))
        if longer > NOTHING:
            shorter = cpu_time(read, part * (SHORT // len(part)))
            assert longer < 40 * max(shorter, NOTHING / 40), (name, shorter, longer)


def test_a_quadratic_reader_would_be_caught() -> None:
    def quadratic(text: str) -> None:
        for start in range(0, len(text), 50):
            text[start:].count("ab")

    with pytest.raises(AssertionError):
        test_ten_times_the_text_takes_ten_times_as_long(quadratic)


@pytest.mark.parametrize("part", TEXTS.values(), ids=TEXTS)
def test_no_field_of_the_longest_length_takes_the_address_key_or_a_barcode_long(part: str) -> None:
    # Quadratic in 255 characters is nothing; exponential would not come back.
    def work(text: str) -> None:
        names = (
            "building_name",
            "address_line_1",
            "address_line_2",
            "city",
            "postal_code",
            "state",
        )
        address_key({**dict.fromkeys(names, text), "country": None}, text, "")
        expiration_date(text)

    work(part * (255 // len(part)))
    full = cpu_time(work, part * (255 // len(part)))

    assert full < NOTHING * 20 or full < 64 * cpu_time(work, part * max(1, 64 // len(part)))
