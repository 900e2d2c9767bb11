"""``FastLoader.load`` is ``Schema.load``: the same values of the same types, the same errors."""

import os
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from app.fastload import FastLoader
from app.item_units.schemas import ItemUnitSchema
from app.units.schemas import UnitSchema

EXAMPLES = int(os.environ.get("FASTLOAD_EXAMPLES", "1500"))
SCHEMAS = [UnitSchema(), ItemUnitSchema()]
LOADERS = [FastLoader(schema) for schema in SCHEMAS]
KEYS = sorted(
    {key for loader in LOADERS for key in loader.plain.names} | {"address_line_1", "city"}
)

TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", "A-1", "12 Main St", " x", "x ", "é", "e\u0301", "\u1e9b\u0323", "---"]
    ),
    st.sampled_from(
        ["a\u0000", "a\x1db", "\x85", "\xa0", "\xad", "\ufdfa", "한", "x" * 255, "y" * 256]
    ),
    st.text(max_size=8),
    st.sampled_from(["2016-08-31", "2016-02-30", "0000-01-01", "2016-8-31", "٢٠١٦-٠٨-٣١"]),
)
NUMBERS = st.one_of(
    st.sampled_from([0, -0.0, 0.0, 1, 4.0, -1, 1.5, 90, -90.0, 10**9, 10**12, 2**31, 2**63, 1e300]),
    st.integers(-(2**63), 2**63),
    st.floats(allow_nan=False, allow_infinity=False),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
NAMES = st.sampled_from([*KEYS, "has_sink", "latitude", "identifer", "_schema", ""])
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
ADDRESS = st.dictionaries(
    st.sampled_from(["address_line_1", "city", "country", "latitude", "longitude", "zip"]), SCALARS
)
ROOMS = st.lists(
    st.dictionaries(st.sampled_from(["has_sink", "has_toilet", "x"]), SCALARS), max_size=3
)
NEARLY_RIGHT = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(KEYS, SCALARS),
        "address": ADDRESS | SCALARS,
        "bathrooms": ROOMS | SCALARS,
    },
)


def outcome(load: Any, value: Any) -> Any:
    """Answer what a load gives, types and signs of zero included, or its errors."""
    try:
        return typed(load(value))
    except ValidationError as error:
        return "invalid", error.messages, typed(error.valid_data)


def typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    return type(value).__name__, repr(value)


@settings(max_examples=EXAMPLES)
@given(value=st.one_of(NEARLY_RIGHT, JSON))
@example(value={"sqft": -0.0, "address": {"address_line_1": "1", "latitude": -0.0, "city": ""}})
@example(value={"bathrooms": [{}] * 101})
@example(value={"quantity": 1, "weight": 5e-324, "expirationDate": "2016-02-29"})
def test_the_fast_loader_never_differs(value: Any) -> None:
    sent = orjson.dumps(value) if is_json(value) else None
    for schema, loader in zip(SCHEMAS, LOADERS, strict=True):
        assert outcome(loader.load, value) == outcome(schema.load, value)
    assert sent is None or orjson.dumps(value) == sent, "the input must not be changed"


@settings(max_examples=EXAMPLES)
@given(values=st.lists(st.one_of(NEARLY_RIGHT, JSON), max_size=5), spaced=st.booleans())
@example(
    values=[
        {"name": "x"},
        {"name": "x\ny"},
        {"name": "a:b"},
        {"name": ""},
        {"nam": 1},
        {"name": "y "},
    ],
    spaced=False,
)
@example(
    values=[{"address": {"address_line_1": line}} for line in ("", "1", "-", "1 ", "\n1")],
    spaced=True,
)
@example(values=[{"sqft": -0.0, "number_of_bedrooms": 4.0}, {"bathrooms": [{}] * 101}], spaced=True)
def test_what_is_loaded_from_its_text_is_what_the_schema_loads(
    values: list[Any], spaced: bool
) -> None:
    option = orjson.OPT_INDENT_2 if spaced else 0
    texts = [orjson.dumps(value, option=option) for value in values if is_json(value)]
    for schema, loader in zip(SCHEMAS, LOADERS, strict=True):
        for text, loaded in zip(texts, loader.load_texts(texts), strict=True):
            if loaded is not None:
                assert typed(loaded) == outcome(schema.load, orjson.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        b'{"name": "a", "name": "b"}', b'{"name" : "a", "name": "b"}',
        b'{"nam\\u0065": "a", "name": "b"}',
        b'{"name": "x", "name": "\\u003a"}', b'{"bathrooms": [{"has_sink": true, "has_sink": true}]}',
        b'{"bathrooms": [{}], "bathrooms": [{}]}', b'{"unknown": 1, "name": ":"}', b'{"name": "\xff"}',
        b'{"name": "\\ud800"}', b'{"sqft": 1e400}', b'{"sqft": 01}', b'{"sqft": NaN}', b'{"name": "x"',
        b"", b"[]", b"null", b'\xef\xbb\xbf{"name": "x"}', b'{"name": "a\\nb"}', b'{"name": "\x7f"}',
        b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}", b'{"number_of_bedrooms": 1.0}',
    ],
)  # fmt: skip
def test_a_doubtful_text_is_left_to_the_careful_reader(text: bytes) -> None:
    plain = b'{"name": "x"}'

    assert LOADERS[0].load_texts([plain, text, plain]) == [{"name": "x"}, None, {"name": "x"}]


def is_json(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


class NoLoad(Exception):
    """marshmallow was asked."""


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (UnitSchema, {}),
        (UnitSchema, {"identifier": "A-1", "name": "Piéce 한국 東京 Ёлка", "unit_number": ""}),
        (
            UnitSchema,
            {
                "sqft": 40, "number_of_bathrooms": 1.5, "number_of_bedrooms": 2, "has_flex_wall": None,
                "bathrooms": [{"has_sink": True}, {}],
                "address": {"address_line_1": "12 Main St.", "city": None, "latitude": 52},
            },
        ),
        (ItemUnitSchema, {"quantity": 4, "weight": 16, "expirationDate": "2016-08-31"}),
    ],
)  # fmt: skip
def test_what_is_plainly_right_does_not_need_marshmallow(
    schema: type[Schema], value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = FastLoader(schema())
    expected = schema().load(value)

    def fail(*_: object) -> None:
        raise NoLoad

    monkeypatch.setattr(loader.schema, "load", fail)

    assert loader.load(value) == expected
    assert loader.load_texts([orjson.dumps(value)]) == [expected]
