"""The body of ``POST /units/multiple``, read in pieces: the same as if it were read whole."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.strict_json import parse_object, split_array
from app.units.errors import InvalidJson
from app.units.requests import load_body, load_rows

NOISE = st.text(alphabet='"[],:{}1\\', max_size=8)
ROWS = st.lists(NOISE | st.just({"identifier": "A"}) | st.dictionaries(NOISE, NOISE, max_size=2))


@pytest.mark.parametrize(
    ("before", "array"),
    [
        (b'"group_external_ref":"[1]"', b"[1]"),
        (b'"group_external_ref":"[",",":"]"', b'[",",":"]'),
        (b'"other":{"units":[{"identifier":"A"}]}', b'[{"identifier":"A"}]'),
    ],
)
def test_an_array_that_also_stands_elsewhere_is_not_cut_out_there(
    before: bytes, array: bytes
) -> None:
    body = b"{" + before + b',"units":' + array + b"}"
    whole = orjson.loads(body)

    rest, rows = load_body(body, 10)

    assert {**rest, "units": []} == {**whole, "units": []}
    assert (load_rows(rest["units"]) if rows is None else rows) == load_rows(whole["units"])


@settings(max_examples=500)
@given(members=st.dictionaries(NOISE | st.just("group_external_ref"), NOISE, max_size=3), rows=ROWS)
def test_a_body_in_pieces_says_what_the_whole_says(
    members: dict[str, str], rows: list[object]
) -> None:
    body = orjson.dumps({**members, "units": rows})

    rest, loaded = load_body(body, 100)

    assert {**rest, "units": []} == {**members, "units": []}
    assert (load_rows(rest["units"]) if loaded is None else loaded) == load_rows(rows)


def test_a_plain_body_is_cut_at_its_rows() -> None:
    body = b'{"group_id": 1, "units": [{"identifier": "A"}, {"identifier": "B"}]}'

    split = split_array(body, "units")

    assert split is not None
    assert parse_object(split.rest, InvalidJson) == {"group_id": 1, "units": []}
    assert [bytes(text) for text in split.elements] == [
        b'{"identifier": "A"}',
        b'{"identifier": "B"}',
    ]
