"""What a text may hold: told by its characters, in fields, in paths and in queries alike."""

import unicodedata
from typing import Any

import pytest
from marshmallow import ValidationError

from app.fields import Barcode, Reference, Text
from app.texts import CONTROL, INVISIBLE, MAX_MARKS, NONCHARACTER, is_clean_reference, tell
from tests.world import World

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e\ufe0f\U000e0041\U000e0100"
UNSEEN = BIDI + ZERO_WIDTH + "\u2028\u2029\u3164"
SEEN = ["A-1", "Piéce", "한국", "A B", "العربية", "ไม่", "हिन्दी", "A\u00a0B", "№ 5", "😀", "\ue000"]


def fault_of(field: Text, text: Any) -> str:
    """Answer what the field says of a text, or an empty string."""
    try:
        field.deserialize(text)
    except ValidationError as error:
        return str(error.messages[0])
    return ""


@pytest.mark.parametrize("character", UNSEEN, ids=lambda c: f"U+{ord(c):04X}")
def test_a_reference_has_nothing_unseen_in_it(character: str) -> None:
    unseen = f"A{character}B"

    assert fault_of(Reference(), unseen) == "must not contain invisible characters"
    assert not is_clean_reference(unseen)
    assert fault_of(Text(), unseen) == "", "a name may: emoji and Persian need joiners"


@pytest.mark.parametrize("text", SEEN)
def test_what_people_write_is_fine_anywhere(text: str) -> None:
    assert [fault_of(field(), text) for field in (Text, Reference, Barcode)] == ["", "", ""]
    assert is_clean_reference(unicodedata.normalize("NFC", text))


def test_every_bidi_control_and_default_ignorable_format_character_counts_as_unseen() -> None:
    bidi = {chr(n) for n in range(0x110000) if unicodedata.bidirectional(chr(n)) in BIDI_CLASSES}

    assert [character for character in bidi if not INVISIBLE.search(character)] == []


BIDI_CLASSES = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN"} - {"BN"}


def test_noncharacters_are_the_sixty_six_of_unicode() -> None:
    found = [n for n in range(0x110000) if NONCHARACTER.fullmatch(chr(n))]

    assert len(found) == 66
    assert all(n & 0xFFFE == 0xFFFE or 0xFDD0 <= n <= 0xFDEF for n in found)
    for n in found:
        assert fault_of(Text(), f"A{chr(n)}") == "must not contain noncharacters"
        assert not is_clean_reference(f"A{chr(n)}")


def test_controls_are_those_of_unicode() -> None:
    assert {n for n in range(0x110000) if unicodedata.category(chr(n)) == "Cc"} == {
        n for n in range(0x110000) if CONTROL.fullmatch(chr(n))
    }


@pytest.mark.parametrize("mark", ["\u0316", "\u20dd", "\u0e31"], ids=["below", "circle", "Thai"])
def test_marks_do_not_pile_up(mark: str) -> None:
    fine, piled = "x" + mark * MAX_MARKS, "x" + mark * (MAX_MARKS + 1)

    assert fault_of(Text(), fine) == ""
    assert "combining marks" in fault_of(Text(), piled)
    assert (is_clean_reference(fine), is_clean_reference(piled)) == (True, False)


def test_marks_are_counted_once_composed() -> None:
    composed = "e\u0301" * 200  # 400 characters as sent, 200 as stored.

    assert Text().deserialize(composed) == "é" * 200


def test_a_text_is_trimmed_before_it_is_measured() -> None:
    assert Text().deserialize(" " * 5000 + "x" * 255 + "\u3000" * 5000) == "x" * 255


def test_an_error_repeats_nothing_unseen_and_not_much() -> None:
    assert tell("a\u202e\x1b\ufffe" + "x" * 999) == "a\ufffd\ufffd\ufffd" + "x" * 296


ODD = [
    "a\u200bb", "a\u202eb", "a\ufffeb", "a" + "\u0316" * 9, "a\x00b", "a\x85b", "x" * 256, "a\U000e0041"
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_a_reference_is_refused_wherever_it_is_sent(world: World, odd: str) -> None:
    world.put_units({"identifier": "PACKET"})
    before = world.everything()
    unit = world.post_units([{"identifier": odd}]).json["units"][0]
    group = world.post_units([], group_external_ref=odd)
    item = world.post("/items/multiple", {"items": [{"reference": odd, "name": "N"}]}).json
    pair = {"itemId": odd, "unitId": odd, "quantity": 1, "isDefault": True}
    many = world.post("/itemUnits/multiple", {"itemUnits": [pair]}).json
    one = world.post("/itemUnits", {**pair, "useExternalId": True})

    assert list(unit["error"]["fields"]) == ["identifier"]
    assert group.status_code == (404 if len(odd) > 255 else 400)
    assert item["items"][0]["error"]["type"] == "invalid_param_type"
    assert many["itemUnits"][0]["error"]["type"] == "not_found"
    assert (one.status_code, one.json["error"]) == (404, "not_found")
    assert world.everything() == before


@pytest.mark.parametrize("odd", [*ODD, "\ufffd", ".", ".."], ids=ascii)
def test_a_path_names_nothing_by_what_is_no_reference(world: World, odd: str) -> None:
    world.put_units({"identifier": "PACKET"})
    body = {"quantity": 1, "isDefault": True}
    before = world.everything()

    answers = [
        world.upsert(body, item=quoted(odd)),
        world.upsert(body, item="bracelet", unit=quoted(odd)),
        world.post(f"/items/reference/{quoted(odd)}", {"name": "N"}),
        world.get(f"/itemUnits/reference/bracelet/{quoted(odd)}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert world.everything() == before
    assert max(len(answer.data) for answer in answers) < 2048


def quoted(text: str) -> str:
    """Answer every byte of ``text`` percent-encoded."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


@pytest.mark.parametrize(
    "query",
    [
        "/units?identifier={}", "/units?group_external_ref={}", "/groups?external_ref={}",
        "/items?reference={}", "/itemUnits?itemReference={}", "/itemUnits?unitReference={}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_a_query_for_what_is_no_reference_is_refused(world: World, query: str, odd: str) -> None:
    answer = world.get(query.format(quoted(odd)))

    assert answer.status_code == 400
    assert len(answer.data) < 512
