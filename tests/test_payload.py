"""Strict JSON: what the fast reader says must be what a careful reader would say."""

import json
import weakref
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.payload import MADE, json_response
from app.strict_json import count_keys, has_duplicate_keys, parse_object
from app.units.errors import InvalidJson

KEYS = st.sampled_from(["a", "b", ":", '"', '":', "\\", 'x":', " :", "é"])
TEXTS = st.text(alphabet='ab":\\ ,{}[]', max_size=6)
SPACES = st.sampled_from(["", "", "", " ", "\n", "\t "])


@st.composite
def documents(draw: st.DrawFn, depth: int = 0) -> str:
    """Answer a JSON text, spaced at random, whose objects may repeat keys."""
    if depth > 2 or draw(st.booleans()):
        return json.dumps(draw(TEXTS))
    pairs = draw(st.lists(st.tuples(KEYS, documents(depth + 1)), max_size=3))
    body = ",".join(
        f"{json.dumps(key, ensure_ascii=draw(st.booleans()))}{draw(SPACES)}:{draw(SPACES)}{value}"
        for key, value in pairs
    )
    return "{" + body + "}"


def repeats_a_key(text: str) -> bool:
    """Tell the same by the standard library, slowly."""
    found = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.append(len(pairs) != len(dict(pairs)))
        return dict(pairs)

    json.loads(text, object_pairs_hook=note)
    return any(found)


@settings(max_examples=2000)
@given(text=documents())
def test_duplicate_keys_are_found_exactly(text: str) -> None:
    body = text.encode()

    assert has_duplicate_keys(body, orjson.loads(body)) == repeats_a_key(text)


def test_a_text_may_hold_whatever_looks_like_a_key() -> None:
    body = b'{"a":"\\":\\":","b":":","c":[{"d":" : "}]}'

    assert parse_object(body, InvalidJson) == {"a": '":":', "b": ":", "c": [{"d": " : "}]}


def test_keys_are_counted_however_deep() -> None:
    assert count_keys({"a": [{"b": 1}, [[{"c": {}, "d": 2}]]]}) == 4


@pytest.mark.parametrize(
    "body", [b'{"a":NaN}', b'{"a":1e400}', b"\xef\xbb\xbf{}", b'{"a":"\\ud800"}']
)
def test_what_is_no_strict_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidJson):
        parse_object(body, InvalidJson)


def test_what_an_answer_is_made_of_is_made_one_by_one_and_not_kept() -> None:
    class Row(dict[str, int]):
        """A dict of which it can be told whether it is still held."""

    seen: list[weakref.ref[Row]] = []
    held: list[int] = []

    def make() -> Iterator[Row]:
        for number in range(3):
            held.append(sum(row() is not None for row in seen))
            row = Row(number=number)
            seen.append(weakref.ref(row))
            yield row
            del row

    answer = json_response({"rows": [MADE, MADE, MADE], "more": 1}, made=make())

    assert answer.get_json() == {"rows": [{"number": n} for n in range(3)], "more": 1}
    assert held == [0, 0, 0]


def test_what_is_no_json_is_an_error_where_nothing_was_made_for_it() -> None:
    with pytest.raises(TypeError):
        json_response({"rows": [object()]})
