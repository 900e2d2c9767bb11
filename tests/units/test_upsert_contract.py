"""POST /units/multiple over HTTP, case by case. S1 and S2 are the two source documents."""

from typing import Any

import pytest

from app.db import utcnow
from tests.world import API, World

MISSING_AUTHORIZATION = (
    "Your request does not include an 'Authorization' header with a bearer token for your account."
)
EXPIRED = (
    "The bearer token you have provided in the 'Authorization' header has expired. Please obtain a"
    " new one."
)
INVALID = "The bearer token you have provided in the 'Authorization' header is invalid."
NO_GROUP = "You must either provide a group id or group external reference in the request body."
BOTH = (
    "You have provided both a group id and group external reference for the create/update units"
    " operation. Please only provide one of the two."
)
NO_ACCESS = "You do not have access to the group you have provided."
NOT_FOUND = "We could not find a group with the ID you have provided."
REF_NOT_FOUND = "We could not find a group with the external reference you have provided."


def units_error(error_type: str, message: str) -> dict[str, Any]:
    return {"error": {"type": error_type, "message": message}}


S1_BODIES = [
    pytest.param({}, 400, units_error("no_group", NO_GROUP), id="S1: no group"),
    pytest.param(
        {"group_id": None, "group_external_ref": ""},
        400,
        units_error("no_group", NO_GROUP),
        id="4.1: null and empty count as not given",
    ),
    pytest.param(
        {"group_id": 1, "group_external_ref": "north-tower"},
        400,
        units_error("both_group_identifiers_provided", BOTH),
        id="S1: both groups",
    ),
    pytest.param({"group_id": 987654}, 404, units_error("group_not_found", NOT_FOUND), id="S1: id"),
    pytest.param(
        {"group_id": "9" * 60}, 404, units_error("group_not_found", NOT_FOUND), id="4.2: too large"
    ),
    pytest.param(
        {"group_id": 10**30},
        404,
        units_error("group_not_found", NOT_FOUND),
        id="4.2: beyond 64 bit",
    ),
    pytest.param(
        {"group_id": -1}, 404, units_error("group_not_found", NOT_FOUND), id="4.2: negative"
    ),
    pytest.param(
        {"group_external_ref": "nowhere"},
        404,
        units_error("group_not_found", REF_NOT_FOUND),
        id="4.2: unknown reference",
    ),
    pytest.param(
        {"group_external_ref": "x" * 5000},
        404,
        units_error("group_not_found", REF_NOT_FOUND),
        id="4.2: endless reference",
    ),
    pytest.param(
        {"group_external_ref": "south-tower"},
        401,
        units_error("no_access_to_group", NO_ACCESS),
        id="S1: no access",
    ),
]


@pytest.mark.parametrize(("body", "status", "expected"), S1_BODIES)
def test_group_errors_are_the_sources_byte_for_byte(
    world: World, body: Any, status: int, expected: Any
) -> None:
    answer = world.post("/units/multiple", {**body, "units": [{"identifier": "A"}]})

    assert (answer.status_code, answer.json) == (status, expected)
    assert world.rows("units") == []


@pytest.mark.parametrize(
    ("header", "status", "expected"),
    [
        pytest.param(
            None, 400, units_error("missing_authorization", MISSING_AUTHORIZATION), id="S1"
        ),
        pytest.param(
            "Basic Zm9v",
            400,
            units_error("missing_authorization", MISSING_AUTHORIZATION),
            id="scheme",
        ),
        pytest.param(
            "Bearer ",
            400,
            units_error("missing_authorization", MISSING_AUTHORIZATION),
            id="nothing",
        ),
        pytest.param("Bearer expired", 401, units_error("expired_token", EXPIRED), id="S1 expired"),
        pytest.param(
            "Bearer x.y.z", 401, units_error("invalid_authorization", INVALID), id="S1 bad"
        ),
    ],
)
def test_token_errors_are_the_sources_byte_for_byte(
    world: World, header: str | None, status: int, expected: Any
) -> None:
    if header == "Bearer expired":
        header = f"Bearer {world.token_for('entity1-sync', expires_in=-10)}"
    headers = {"Authorization": header} if header is not None else {}

    answer = world.http.post(f"{API}/units/multiple", json={}, headers=headers)

    assert (answer.status_code, answer.json) == (status, expected)
    assert answer.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)


@pytest.mark.parametrize(
    ("path", "body", "status", "error_type", "words"),
    [
        ("", b"[]", 400, "invalid_json", "object"),
        ("", b"", 400, "invalid_json", "line 1"),
        ("", b'{"group_id":1', 400, "invalid_json", "line 1 column 14"),
        ("", b'{"group_id":1,"group_id":1}', 400, "invalid_json", "twice"),
        ("", b'{"group_id":1.0}', 400, "invalid_request", "group_id"),
        ("", b'{"group_id":true}', 400, "invalid_request", "group_id"),
        ("", b'{"group_id":" 1 "}', 400, "invalid_request", "group_id"),
        ("", '{"group_id":"١"}'.encode(), 400, "invalid_request", "group_id"),
        ("", b'{"group_external_ref":7}', 400, "invalid_request", "group_external_ref"),
        ("", b'{"group_external_ref":"a\\u0000"}', 400, "invalid_request", "group_external_ref"),
        ("", b'{"group_id":1,"unit":[]}', 400, "invalid_request", "unit"),
        ("?dryrun=true", b'{"group_id":1,"units":[]}', 400, "invalid_request", "dryrun"),
        ("?dry_run=yes", b'{"group_id":1,"units":[]}', 400, "invalid_request", "dry_run"),
        ("?atomic=true&atomic=false", b'{"group_id":1}', 400, "invalid_request", "atomic"),
    ],
)
def test_a_wrong_envelope_is_refused_and_named(
    world: World, path: str, body: bytes, status: int, error_type: str, words: str
) -> None:
    answer = world.post(f"/units/multiple{path}", body)

    assert answer.status_code == status
    assert answer.json["error"]["type"] == error_type
    assert words in answer.json["error"]["message"]


@pytest.mark.parametrize("units", [None, {}, "x", 3])
def test_units_must_be_an_array(world: World, units: Any) -> None:
    answer = world.post_units(units)

    assert (answer.status_code, answer.json["error"]["type"]) == (400, "invalid_request")
    assert "units" in answer.json["error"]["message"]


def test_the_checks_come_in_the_order_of_the_contract(world: World) -> None:
    faults: list[tuple[dict[str, Any], str, str]] = [
        ({"group_id": [], "group_external_ref": []}, "", "both_group_identifiers_provided"),
        ({"x": 1}, "?x=1", "no_group"),
        ({"group_id": "x", "y": 1}, "?x=1", "invalid_request"),
        ({"group_id": 987, "y": 1}, "", "invalid_request"),
        ({"group_id": 987}, "?x=1", "invalid_request"),
        ({"group_id": 987}, "", "group_not_found"),
        ({"group_id": world.groups["south-tower"]}, "", "no_access_to_group"),
        ({"group_id": world.group}, "", "invalid_request"),
    ]
    for body, query, expected in faults:
        answer = world.post(f"/units/multiple{query}", body)
        assert answer.json["error"]["type"] == expected, body


def test_another_content_type_is_415_in_the_units_envelope(world: World) -> None:
    for content_type in ("text/plain", "", "application/x-www-form-urlencoded"):
        answer = world.http.post(
            f"{API}/units/multiple", data=b"{}", content_type=content_type, headers=world.headers()
        )
        assert answer.status_code == 415
        assert answer.json["error"]["type"] == "unsupported_media_type"


def test_any_json_media_type_is_accepted(world: World) -> None:
    answer = world.http.post(
        f"{API}/units/multiple/",
        data=b'{"group_external_ref":"north-tower","units":[]}',
        content_type="application/vnd.acme+json; charset=utf-8",
        headers={"Authorization": f"bEARER {world.token}"},
    )

    assert answer.json == {
        "units": [],
        "summary": {"created": 0, "updated": 0, "unchanged": 0, "failed": 0},
    }


def test_a_created_unit_is_answered_with_every_attribute(world: World) -> None:
    sent = {
        "identifier": " A-1 ",
        "external_ref": "",
        "name": "Pie\u0301ce",
        "number_of_bedrooms": 2,
        "number_of_bathrooms": 1.5,
        "sqft": 40,
        "has_flex_wall": False,
        "bathrooms": [{"has_sink": True}, {}],
        "address": {"address_line_1": "1 Main St", "latitude": -0.0, "country": "US"},
    }

    answer = world.post_units([sent])

    row = answer.json["units"][0]
    assert answer.json["summary"] == {"created": 1, "updated": 0, "unchanged": 0, "failed": 0}
    assert row == {
        "index": 0,
        "success": True,
        "failure_reason": "",
        "action": "created",
        "matched_by": None,
        "id": row["id"],
        "group_id": world.group,
        "identifier": "A-1",
        "external_ref": None,
        "name": "Pi\u00e9ce",
        "unit_number": None,
        "number_of_bedrooms": 2,
        "number_of_bathrooms": 1.5,
        "sqft": 40.0,
        "has_flex_wall": False,
        "bathrooms": [
            {"has_shower_or_bath": None, "has_sink": True, "has_toilet": None},
            {"has_shower_or_bath": None, "has_sink": None, "has_toilet": None},
        ],
        "address": {
            "building_name": None,
            "address_line_1": "1 Main St",
            "address_line_2": None,
            "city": None,
            "state": None,
            "postal_code": None,
            "country": "US",
            "latitude": 0.0,
            "longitude": None,
        },
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }
    assert row["created_at"].endswith("Z")
    assert len(row["created_at"]) == len("2016-08-24T09:17:24Z")


def test_what_was_answered_is_what_a_get_shows_later(world: World) -> None:
    row = world.post_units([{"identifier": "A", "sqft": 12, "bathrooms": [{}]}]).json["units"][0]

    shown = world.get(f"/units/{row['id']}").json

    answered = {k: v for k, v in row.items() if k in shown}
    assert shown == answered
    assert set(row) - set(shown) == {"index", "success", "failure_reason", "action", "matched_by"}


ROW_FAULTS = [
    ({"identifer": "A"}, "identifer", "unknown field"),
    ({"identifier": 4}, "identifier", "must be a string"),
    ({"identifier": "a\u0000"}, "identifier", "must not contain control characters"),
    ({"name": "a\nb"}, "name", "must not contain control characters"),
    ({"name": "x" * 256}, "name", "must have at most 255 characters"),
    ({"number_of_bedrooms": "4"}, "number_of_bedrooms", "must be an integer"),
    ({"number_of_bedrooms": 4.0}, "number_of_bedrooms", "must be an integer"),
    ({"number_of_bedrooms": True}, "number_of_bedrooms", "must be an integer"),
    ({"number_of_bedrooms": 1001}, "number_of_bedrooms", "must be between 0 and 1,000"),
    ({"sqft": True}, "sqft", "must be a number"),
    ({"sqft": -1}, "sqft", "must be between 0 and 1,000,000,000"),
    ({"has_flex_wall": 1}, "has_flex_wall", "must be true or false"),
    ({"bathrooms": {}}, "bathrooms", "must be an array"),
    ({"bathrooms": [{}] * 101}, "bathrooms", "must have at most 100 entries"),
    ({"bathrooms": [{}, {"has_sink": "x"}]}, "bathrooms.1.has_sink", "must be true or false"),
    ({"bathrooms": [3]}, "bathrooms.0", "must be an object"),
    ({"address": "1 Main St"}, "address", "must be an object"),
    ({"address": {}}, "address.address_line_1", "is required"),
    ({"address": {"address_line_1": " "}}, "address.address_line_1", "is required"),
    (
        {"address": {"address_line_1": None, "city": "Boston"}},
        "address.address_line_1",
        "is required",
    ),
    (
        {"address": {"address_line_1": "---"}},
        "address.address_line_1",
        "must have at least one letter or digit",
    ),
    (
        {"address": {"address_line_1": "1 A St", "latitude": 91}},
        "address.latitude",
        "must be between -90 and 90",
    ),
    ({"address": {"address_line_1": "1 A St", "zip": "1"}}, "address.zip", "unknown field"),
]


@pytest.mark.parametrize(("fault", "path", "text"), ROW_FAULTS)
def test_an_invalid_row_fails_alone_and_names_its_fault(
    world: World, fault: Any, path: str, text: str
) -> None:
    valid = {} if "identifier" in fault or "identifer" in fault else {"identifier": "B"}

    answer = world.post_units(
        [{"identifier": "A"}, {**valid, "external_ref": " r ", **fault}, {"identifier": "C"}]
    )

    reason = f"{path}: {text}"
    assert answer.status_code == 200
    assert [row["success"] for row in answer.json["units"]] == [True, False, True]
    assert answer.json["units"][1] == {
        "index": 1,
        "success": False,
        "failure_reason": reason,
        "error": {"type": "invalid_unit", "message": reason, "fields": {path: [text]}},
        "identifier": valid.get("identifier"),
        "external_ref": "r",
    }
    assert len(world.rows("units")) == 2


def test_a_row_tells_all_its_faults_at_once(world: World) -> None:
    answer = world.post_units([{"sqft": "x", "name": 1, "address": {"latitude": 99}}])

    assert answer.json["units"][0]["error"]["fields"] == {
        "sqft": ["must be a number"],
        "name": ["must be a string"],
        "address.address_line_1": ["is required"],
        "address.latitude": ["must be between -90 and 90"],
    }


@pytest.mark.parametrize("row", [None, 3, "x", [], True])
def test_a_row_that_is_no_object_fails_alone(world: World, row: Any) -> None:
    answer = world.post_units([row, {"identifier": "A"}])

    assert answer.json["units"][0]["failure_reason"] == "unit: must be an object"
    assert answer.json["units"][0]["identifier"] is None
    assert answer.json["summary"] == {"created": 1, "updated": 0, "unchanged": 0, "failed": 1}


def test_a_row_with_neither_key_has_insufficient_data(world: World) -> None:
    answer = world.post_units([{"name": "x", "address": None, "identifier": None}])

    row = answer.json["units"][0]
    assert row["error"] == {"type": "insufficient_data", "message": row["failure_reason"]}
    assert (row["name"], row["identifier"], row["address"]) == ("x", None, None)


def test_one_row_too_many_is_413_and_names_the_limit(world: World) -> None:
    answer = world.post_units([{}] * 10_001)

    assert (answer.status_code, answer.json["error"]["type"]) == (413, "too_many_units")
    assert "10000" in answer.json["error"]["message"]


def test_a_body_over_the_limit_is_413_and_names_it(world: World) -> None:
    answer = world.post("/units/multiple", b'{"units": "' + b"x" * (16 * 2**20) + b'"}')

    assert (answer.status_code, answer.json["error"]["type"]) == (413, "request_too_large")
    assert str(16 * 2**20) in answer.json["error"]["message"]


def test_an_update_changes_only_the_fields_that_the_row_has(world: World) -> None:
    world.put_units({"identifier": "A", "name": "n", "sqft": 3, "unit_number": "7"})

    row = world.post_units([{"identifier": "A", "name": None}]).json["units"][0]

    assert (row["action"], row["matched_by"]) == ("updated", "identifier")
    assert (row["name"], row["sqft"], row["unit_number"]) == (None, 3.0, "7")


def test_address_and_bathrooms_are_replaced_whole(world: World) -> None:
    address = {"address_line_1": "1 Main St", "city": "Boston"}
    world.put_units({"identifier": "A", "address": address, "bathrooms": [{"has_sink": True}, {}]})

    row = world.post_units(
        [{"identifier": "A", "address": {"address_line_1": "2 Main St"}, "bathrooms": []}]
    ).json["units"][0]

    assert (row["address"]["city"], row["bathrooms"]) == (None, [])


def test_the_same_batch_again_changes_no_row_of_the_table(world: World) -> None:
    batch = [
        {"identifier": "A", "sqft": 40, "address": {"address_line_1": "1 Main St", "latitude": 1}},
        {"address": {"address_line_1": "2 Main St"}, "bathrooms": [{"has_sink": True}]},
        {"identifier": "C", "has_flex_wall": True, "number_of_bathrooms": 1},
    ]
    world.put_units(*batch)
    before = world.rows("units")

    answer = world.post_units(batch)

    assert answer.json["summary"] == {"created": 0, "updated": 0, "unchanged": 3, "failed": 0}
    assert [row["matched_by"] for row in answer.json["units"]] == [
        "identifier", "address", "identifier",
    ]  # fmt: skip
    assert world.rows("units") == before


def test_a_match_by_address_hands_the_unit_to_the_new_identifier(world: World) -> None:
    address = {"address_line_1": "12 Main Street", "address_line_2": "Apt 4"}
    (unit_id,) = world.put_units({"identifier": "old", "address": address})

    row = world.post_units(
        [{"identifier": "new", "address": {"address_line_1": "12 MAIN ST., # 4"}}]
    ).json["units"][0]

    assert (row["id"], row["action"], row["matched_by"]) == (unit_id, "updated", "address")
    assert row["identifier"] == "new"


def test_an_address_that_fits_several_units_is_never_a_guess(world: World) -> None:
    address = {"address_line_1": "1 Main St"}
    first, second = world.put_units(
        {"identifier": "A", "address": address},
        {"identifier": "B", "address": {"address_line_1": "2 Main St"}},
    )
    world.put_units({"identifier": "B", "address": address})

    row = world.post_units([{"address": address, "name": "x"}]).json["units"][0]

    assert row["error"]["type"] == "ambiguous_address"
    assert row["error"]["candidates"] == [first, second]
    assert row["address"] == address


def test_flats_without_a_number_do_not_collapse_into_one(world: World) -> None:
    address = {"address_line_1": "1 Main St"}
    rows = [{"identifier": f"F-{n}", "address": address} for n in range(3)]

    answer = world.post_units(rows)

    assert answer.json["summary"] == {"created": 1, "updated": 0, "unchanged": 0, "failed": 2}
    assert [row["error"]["conflicts_with"] for row in answer.json["units"][1:]] == [0, 0]
    assert answer.json["units"][2]["error"]["type"] == "identity_conflict"


def test_identifiers_may_move_along_a_chain_and_around_a_ring(world: World) -> None:
    addresses = [{"address_line_1": f"{n} Main St"} for n in range(3)]
    ids = world.put_units(
        *({"identifier": name, "address": a} for name, a in zip("ABC", addresses, strict=True))
    )
    ring = [
        {"identifier": "T", "address": addresses[0]},
        {"identifier": "A", "address": addresses[1]},
        {"identifier": "B", "address": addresses[2]},
    ]
    answer = world.post_units(ring)
    assert [row["id"] for row in answer.json["units"]] == ids
    again = world.post_units([{"identifier": "C", "address": addresses[0]}])

    assert again.json["units"][0]["id"] == ids[0]
    assert [row["identifier"] for row in world.rows("units")] == ["C", "A", "B"]


def test_dry_run_answers_like_the_real_run_and_writes_nothing(world: World) -> None:
    world.put_units({"identifier": "A", "name": "old"})
    before = world.everything()
    batch = [
        {"identifier": "A", "name": "new"},
        {"identifier": "N", "address": {"address_line_1": "1 Main St"}},
        {"identifier": "M", "address": {"address_line_1": "1 Main St"}},
        {},
    ]

    dry = world.post_units(batch, "?dry_run=true").json
    assert world.everything() == before
    real = world.post_units(batch).json

    assert dry.pop("dry_run") is True
    assert dry["units"][1].pop("id") is None
    assert isinstance(real["units"][1].pop("id"), int)
    times = ("created_at", "updated_at")
    for row in dry["units"] + real["units"]:
        for name in times:
            row.pop(name, None)
    assert dry == real


@pytest.mark.parametrize("query", ["?atomic=true", "?atomic=true&dry_run=true"])
def test_atomic_writes_nothing_when_a_row_fails(world: World, query: str) -> None:
    world.put_units({"identifier": "A"})
    before = world.everything()

    answer = world.post_units([{"identifier": "A", "name": "x"}, {}, {"identifier": "B"}], query)

    assert answer.status_code == 422
    body = answer.json
    assert body["error"]["type"] == "units_rejected"
    assert body["summary"] == {
        "created": 0,
        "updated": 0,
        "unchanged": 0,
        "failed": 1,
        "skipped": 2,
    }
    assert body["units"][0] == {
        "index": 0,
        "success": False,
        "failure_reason": "Not applied: another row failed.",
        "action": "skipped",
        "identifier": "A",
        "name": "x",
    }
    assert body["units"][1]["error"]["type"] == "insufficient_data"
    assert body.get("dry_run") is (True if "dry" in query else None)
    assert world.everything() == before


def test_atomic_writes_everything_when_all_rows_are_fine(world: World) -> None:
    answer = world.post_units([{"identifier": "A"}, {"identifier": "B"}], "?atomic=true")

    assert (answer.status_code, answer.json["summary"]["created"]) == (200, 2)


def test_an_identifier_is_unique_within_its_group_only(world: World) -> None:
    token = world.token_for("entity1-all")
    for group in ("north-tower", "south-tower"):
        body = {"group_external_ref": group, "units": [{"identifier": "A"}]}
        assert world.post("/units/multiple", body, token).json["summary"]["created"] == 1


def test_another_organizations_group_looks_as_if_it_did_not_exist(world: World) -> None:
    theirs = world.post_units([], group_id=world.their_groups["theirs"])
    nobodys = world.post_units([], group_id=987_654)
    their_ref = world.post_units([], group_external_ref="theirs")
    nobodys_ref = world.post_units([], group_external_ref="nobodys")

    assert (theirs.status_code, theirs.data) == (nobodys.status_code, nobodys.data)
    assert (their_ref.status_code, their_ref.data) == (nobodys_ref.status_code, nobodys_ref.data)


def test_a_unit_of_a_group_not_granted_cannot_be_read(world: World) -> None:
    token = world.token_for("entity1-all")
    body = {"group_external_ref": "south-tower", "units": [{"identifier": "A"}]}
    unit_id = world.post("/units/multiple", body, token).json["units"][0]["id"]

    answer = world.get(f"/units/{unit_id}")

    assert world.get(f"/units/{unit_id}", token).status_code == 200
    assert (answer.status_code, answer.json["error"]["type"]) == (404, "unit_not_found")
    assert world.get(f"/units/{10**20}").json == answer.json


def test_times_are_those_of_the_change(world: World) -> None:
    before = utcnow().replace(microsecond=0)
    created = world.post_units([{"identifier": "A"}]).json["units"][0]
    unchanged = world.post_units([{"identifier": "A"}]).json["units"][0]

    assert before.isoformat() <= created["created_at"][:-1]
    assert unchanged["updated_at"] == created["updated_at"]
