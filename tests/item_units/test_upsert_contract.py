"""POST /itemUnits/reference/{itemId}/{unitId} over HTTP, case by case. S2 is the source document."""

from typing import Any

import pytest
import time_machine

from tests.world import API, World

GOOD = {"quantity": 4, "isDefault": True}


def oops(error: str, text: str) -> dict[str, str]:
    return {"error": error, "error_description": text}


def wrong(parameter: str, expected: str) -> dict[str, str]:
    text = f"An invalid value was specified for parameter: {parameter} ({expected})"
    return oops("invalid_param_type", text)


@pytest.fixture(name="packet")
def _packet(world: World) -> int:
    (unit_id,) = world.put_units({"identifier": "PACKET", "name": "packet"})
    return unit_id


BAD_DATE = oops("date_validation_error", "incorrect expiration date Format")
PARSING = oops(
    "json_parsing_error", "A JSON parsing error occurred while parsing request parameters."
)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"quantity":1,"quantity":1}'])
def test_a_body_that_is_no_json_object_is_a_parsing_error(
    world: World, packet: int, body: bytes
) -> None:
    answer = world.upsert(body)

    assert (answer.status_code, answer.json) == (400, PARSING)  # S2


BODIES = [
    ({}, oops("missing_param", "quantity parameter is missing")),
    ({"quantity": None, "isDefault": True}, oops("missing_param", "quantity parameter is missing")),
    ({"quantity": 4}, oops("missing_param", "isDefault parameter is missing")),
    ({"quantity": 4, "isDefault": None}, oops("missing_param", "isDefault parameter is missing")),
    ({**GOOD, "colour": "red"}, oops("unknown_param", "colour is not a known parameter")),
    ({**GOOD, "id": 7}, oops("unknown_param", "id is not a known parameter")),
    ({**GOOD, "weight": "16"}, wrong("weight", "must be Positive Double")),  # S2
    ({**GOOD, "weight": 0}, wrong("weight", "must be Positive Double")),
    ({**GOOD, "weight": 10**12 + 1}, wrong("weight", "must be Positive Double")),
    ({**GOOD, "volume": True}, wrong("volume", "must be Positive Double")),
    ({**GOOD, "quantity": 0}, wrong("quantity", "must be Positive Integer")),
    ({**GOOD, "quantity": 4.0}, wrong("quantity", "must be Positive Integer")),
    ({**GOOD, "quantity": "4"}, wrong("quantity", "must be Positive Integer")),
    ({**GOOD, "quantity": 2**31}, wrong("quantity", "must be Positive Integer")),
    ({**GOOD, "salesQuantity": -1}, wrong("salesQuantity", "must be Positive Integer")),
    ({**GOOD, "barcode": 4012345}, wrong("barcode", "must be String")),
    ({**GOOD, "barcode": "a\u0000"}, wrong("barcode", "must be String")),
    ({**GOOD, "barcode": "x" * 256}, wrong("barcode", "must be String")),
    ({**GOOD, "isDefault": 1}, wrong("isDefault", "must be Boolean")),
    ({**GOOD, "defaultDisplay": "true"}, wrong("defaultDisplay", "must be Boolean")),
    ({**GOOD, "unpacking": 0}, wrong("unpacking", "must be Boolean")),
    ({**GOOD, "itemId": "other"}, wrong("itemId", "must be equal to the path")),
    ({**GOOD, "unitId": 7}, wrong("unitId", "must be equal to the path")),
    *(
        ({**GOOD, "expirationDate": day}, BAD_DATE)
        for day in ("31-08-2016", "2016-8-31", "2016-02-30", "20160831", "", 20160831, "٢٠١٦-٠٨-٣١")
    ),  # S2
    (
        {**GOOD, "salesQuantity": 4},
        oops("refused_value", "Sales quantity should be equal to 1."),
    ),  # S2
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_wrong_body_is_refused_word_for_word(
    world: World, packet: int, body: Any, expected: Any
) -> None:
    answer = world.upsert(body)

    assert (answer.status_code, answer.json) == (400, expected)
    assert world.rows("item_units") == []


def test_only_the_first_fault_is_told_in_the_order_of_the_contract(
    world: World, packet: int
) -> None:
    body: dict[str, Any] = {
        "expirationDate": "x", "unpacking": 1, "weight": -1, "quantity": "1", "colour": 1,
        "salesQuantity": 4,
    }  # fmt: skip
    told = []
    for cure in (
        {"isDefault": True}, {"colour": None}, {"quantity": 1}, {"weight": 1}, {"unpacking": None},
        {"expirationDate": None}, {"salesQuantity": 1},
    ):  # fmt: skip
        told.append(world.upsert(body).json["error_description"].split(" (")[0].split()[-1])
        body |= cure
        if cure == {"colour": None}:
            del body["colour"]

    assert told == ["missing", "parameter", "quantity", "weight", "unpacking", "Format", "1."]
    assert world.upsert(body).status_code == 201


@pytest.mark.parametrize(
    ("item", "unit", "text"),
    [
        ("123", "PACKET", "The item with the id 123 doesn't exist."),  # S2
        ("123", "70", "The item with the id 123 doesn't exist."),
        ("eliteBook_820", "70", "The unit with the id 70 doesn't exist."),  # S2
        ("eliteBook_820", "Pi%C3%A8ce", "The unit with the id Pièce doesn't exist."),
        ("eliteBook_820", "a%2Fb", "The unit with the id a/b doesn't exist."),
        ("eliteBook_820", "a%252Fb", "The unit with the id a%2Fb doesn't exist."),
        ("eliteBook_820", "100%", "The unit with the id 100% doesn't exist."),
        ("eliteBook_820", "%%32F", "The unit with the id %2F doesn't exist."),
        ("eliteBook_820", "%00", "The unit with the id \ufffd doesn't exist."),
        ("secret-item", "PACKET", "The item with the id secret-item doesn't exist."),
        ("x" * 300, "PACKET", f"The item with the id {'x' * 300} doesn't exist."),
    ],
)
def test_what_does_not_exist_is_named_as_the_client_wrote_it(
    world: World, packet: int, item: str, unit: str, text: str
) -> None:
    answer = world.upsert({}, item, unit)

    assert (answer.status_code, answer.json) == (404, oops("not_found", text))


def test_token_errors_stand_in_the_item_units_envelope(world: World) -> None:
    path = f"{API}/itemUnits/reference/a/b"
    expired = world.headers(world.token_for("entity1-sync", expires_in=-1))

    missing = world.http.post(path)
    late = world.http.post(path, headers=expired)
    bad = world.http.post(path, headers={"Authorization": "Bearer x"})

    assert (missing.status_code, missing.json["error"]) == (400, "missing_authorization")
    assert (late.status_code, late.json["error"]) == (401, "expired_token")
    assert (bad.status_code, bad.json["error"]) == (401, "invalid_authorization")
    assert bad.json["error_description"].endswith("is invalid.")
    assert bad.headers["WWW-Authenticate"] == "Bearer"


def test_a_new_item_unit_is_shown_as_in_the_source(world: World, packet: int) -> None:
    world.put_units({"identifier": "BOX"})
    world.upsert({"quantity": 1, "isDefault": True}, unit="BOX")
    with time_machine.travel("2016-08-24T09:17:24.9Z", tick=False):
        token = world.token_for("entity1-sync")
        answer = world.upsert({"quantity": 4, "unpacking": True, "volume": None}, token=token)

    item_id = world.rows("item_units")[0]["item_id"]
    new_id = world.rows("item_units")[1]["id"]
    assert answer.status_code == 201
    assert answer.headers["Upsert-Result"] == "created"
    assert answer.headers["Location"] == f"/api/v1.0/itemUnits/{new_id}"
    assert answer.json == {  # S2
        "id": new_id,
        "itemReference": "eliteBook_820",
        "unitReference": "PACKET",
        "item": {
            "id": item_id,
            "reference": "eliteBook_820",
            "name": "EliteBook 820",
            "href": f"/api/v1.0/items/{item_id}",
        },
        "unit": {
            "id": packet,
            "reference": "PACKET",
            "name": "packet",
            "href": f"/api/v1.0/units/{packet}",
        },
        "quantity": 4,
        "unpacking": True,
        "salesQuantity": 1,
        "volume": None,
        "weight": None,
        "barcode": None,
        "expirationDate": None,
        "isDefault": False,
        "defaultDisplay": False,
        "organization": "entity1",
        "dateCreated": "2016-08-24T09:17:24Z",
        "lastUpdated": "2016-08-24T09:17:24Z",
    }


def test_every_href_and_the_location_answer(world: World, packet: int) -> None:
    answer = world.upsert(GOOD)

    assert world.get(answer.headers["Location"]).json == answer.json
    assert world.get(answer.json["unit"]["href"]).json["identifier"] == "PACKET"
    item = world.get(answer.json["item"]["href"]).json
    assert (item["reference"], item["organization"]) == ("eliteBook_820", "entity1")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/itemUnits/1000", "The item unit with the id 1000 doesn't exist."),
        (f"/itemUnits/{10**24}", f"The item unit with the id {10**24} doesn't exist."),
        ("/items/1000", "The item with the id 1000 doesn't exist."),
    ],
)
def test_an_unknown_id_is_not_found(world: World, path: str, text: str) -> None:
    answer = world.get(path)

    assert (answer.status_code, answer.json) == (404, oops("not_found", text))


def test_an_update_keeps_what_is_absent_and_clears_what_is_null(world: World, packet: int) -> None:
    world.upsert(
        {
            **GOOD,
            "weight": 16,
            "volume": 13.11,
            "barcode": "X",
            "unpacking": True,
            "salesQuantity": 4,
        }
    )

    answer = world.upsert({"quantity": 5, "weight": None, "salesQuantity": None})
    again = world.upsert({"quantity": 5})

    body = answer.json
    assert (answer.status_code, answer.headers["Upsert-Result"]) == (201, "updated")
    assert (body["quantity"], body["weight"], body["volume"]) == (5, None, 13.11)
    assert (body["salesQuantity"], body["barcode"], body["isDefault"]) == (4, "X", True)
    assert (again.status_code, again.headers["Upsert-Result"]) == (201, "unchanged")
    assert again.json == body


def test_an_unchanged_upsert_writes_nothing(world: World, packet: int) -> None:
    world.upsert(GOOD)
    before = world.everything()
    with world.statements() as seen:
        assert world.upsert(GOOD).headers["Upsert-Result"] == "unchanged"

    assert world.everything() == before
    assert not [s for s in seen if s.split()[0] in ("INSERT", "UPDATE", "DELETE")]


def test_unpacking_off_with_a_sales_quantity_stored_is_refused(world: World, packet: int) -> None:
    world.upsert({**GOOD, "unpacking": True, "salesQuantity": 4})

    answer = world.upsert({"quantity": 4, "unpacking": False})

    assert answer.json["error"] == "refused_value"


def test_an_item_has_at_most_one_default_unit(world: World, packet: int) -> None:
    world.put_units({"identifier": "BOX"})
    world.upsert(GOOD)

    refused = world.upsert(GOOD, unit="BOX")
    fine_again = world.upsert(GOOD)
    plain = world.upsert({"quantity": 12}, unit="BOX")

    assert refused.status_code == 400
    assert refused.json == oops("is_default_error", "Item has already a default unit.")  # S2
    assert fine_again.status_code == 201
    assert plain.json["isDefault"] is False


def test_without_a_default_is_default_is_required_again(world: World, packet: int) -> None:
    world.upsert(GOOD)

    assert world.upsert({"quantity": 4, "isDefault": False}).json["isDefault"] is False
    assert world.upsert({"quantity": 4}).json == oops(
        "missing_param", "isDefault parameter is missing"
    )


def test_the_default_is_transferred_where_the_client_asks_for_it(world: World, packet: int) -> None:
    world.put_units({"identifier": "BOX"})
    old = world.upsert(GOOD).json["id"]

    answer = world.upsert(GOOD, unit="BOX", query="?default=transfer")

    assert (answer.status_code, answer.json["isDefault"]) == (201, True)
    assert world.get(f"/itemUnits/{old}").json["isDefault"] is False


def test_a_default_in_a_group_of_others_is_not_taken_away(world: World, packet: int) -> None:
    everything = world.token_for("entity1-all")
    body = {"group_external_ref": "south-tower", "units": [{"identifier": "THEIRS"}]}
    world.post("/units/multiple", body, everything)
    world.upsert(GOOD, unit="THEIRS", token=everything)

    answer = world.upsert(GOOD, query="?default=transfer")

    assert answer.json["error"] == "is_default_error"


def test_if_none_match_asks_to_create_only(world: World, packet: int) -> None:
    create = {"If-None-Match": "*"}

    first = world.upsert(GOOD, **create)
    second = world.upsert({"quantity": 9, "isDefault": True}, **create)

    assert first.status_code == 201
    assert second.status_code == 400
    assert second.json == oops("already_assigned", "Item is already assigned to unit.")  # S2
    assert world.get(first.headers["Location"]).json["quantity"] == 4


def test_a_unit_in_several_groups_must_be_named_with_its_group(world: World, packet: int) -> None:
    token = world.token_for("entity1-all")
    body = {"group_external_ref": "south-tower", "units": [{"identifier": "PACKET"}]}
    world.post("/units/multiple", body, token)
    south = world.groups["south-tower"]

    by_id = world.upsert(GOOD, token=token, query=f"?group_id={south}")
    by_ref = world.upsert(GOOD, token=token, query="?group_external_ref=south-tower")
    neither = world.upsert(GOOD, token=token)
    elsewhere = world.upsert(GOOD, token=token, query="?group_id=99999999999999999999")
    granted_one = world.upsert({"quantity": 1})

    assert (neither.status_code, neither.json["error"]) == (400, "ambiguous_reference")
    assert by_id.json["id"] == by_ref.json["id"]
    assert elsewhere.json == oops("not_found", "The unit with the id PACKET doesn't exist.")
    assert granted_one.json["unit"]["id"] == packet


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("?colour=1", "unknown_param"),
        ("?default=yes", "invalid_param_type"),
        ("?group_id=x", "invalid_param_type"),
    ],
)
def test_a_wrong_query_is_refused(world: World, packet: int, query: str, error: str) -> None:
    assert world.upsert(GOOD, query=query).json["error"] == error


def test_references_are_compared_after_decoding_composing_and_trimming(world: World) -> None:
    world.put_units({"identifier": "Pie\u0301ce"}, {"identifier": "a/b"}, {"identifier": "50%2F"})

    composed = world.upsert(GOOD, unit="Pi%C3%A9ce")
    decomposed = world.upsert({"quantity": 4, "unitId": "Pie\u0301ce "}, unit="%20Pie%CC%81ce/")
    slash = world.upsert({"quantity": 4}, unit="a%2fb")
    percent = world.upsert({"quantity": 4}, unit="50%252F")

    assert composed.json["unitReference"] == "Pi\u00e9ce"
    assert decomposed.json["id"] == composed.json["id"]
    assert slash.json["unitReference"] == "a/b"
    assert percent.json["unitReference"] == "50%2F"


@pytest.mark.parametrize("name", [".", "..", "%2E", "%2e%2E"])
def test_dots_alone_are_no_reference_in_a_path(world: World, name: str) -> None:
    world.put_units({"identifier": "."}, {"identifier": ".."})

    assert world.upsert(GOOD, unit=name).status_code == 404


def test_the_unit_is_called_by_its_name_or_number_or_identifier(world: World) -> None:
    world.put_units(
        {"identifier": "A", "name": "n", "unit_number": "1"},
        {"identifier": "B", "unit_number": "2"},
        {"identifier": "C"},
    )
    world.upsert(GOOD, unit="A")
    names = [world.upsert({"quantity": 1}, unit=unit).json["unit"]["name"] for unit in "ABC"]

    assert names == ["n", "2", "C"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"barcode": "(10)45566(17)161231"}, "2016-12-31"),
        ({"barcode": "]C110ABC\x1d17161200"}, "2016-12-31"),
        ({"barcode": "(17)161231", "expirationDate": "2020-01-01"}, "2020-01-01"),
        ({"barcode": "(17)161231", "expirationDate": None}, None),
        ({"barcode": "4012345123456"}, "2015-05-05"),
        ({"barcode": None}, "2015-05-05"),
        ({"quantity": 5}, "2015-05-05"),
        ({"expirationDate": None}, None),
    ],
)
def test_the_date_comes_from_the_barcode_only_where_none_was_sent(
    world: World, packet: int, sent: Any, expected: str | None
) -> None:
    world.upsert({**GOOD, "expirationDate": "2015-05-05"})

    assert world.upsert({"quantity": 4, **sent}).json["expirationDate"] == expected


def test_a_barcode_is_stored_as_it_is(world: World, packet: int) -> None:
    barcode = "\x1d01040123451234571\x1d"

    assert world.upsert({**GOOD, "barcode": barcode}).json["barcode"] == barcode


def test_an_item_unit_takes_three_statements_token_included(world: World, packet: int) -> None:
    for quantity in (1, 2):
        with world.statements() as seen:
            world.upsert({"quantity": quantity, "isDefault": True})
        assert len([s for s in seen if not s.startswith("BEGIN")]) == 3
