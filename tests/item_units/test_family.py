"""The rest of the item-unit routes over HTTP. Source: CONTRACT 7 and 8."""

from typing import Any

import pytest

from tests.world import API, World

GOOD = {"quantity": 4, "isDefault": True}


@pytest.fixture(name="units")
def _units(world: World) -> list[int]:
    return world.put_units(
        {"identifier": "PACKET"}, {"identifier": "BOX"}, {"identifier": "PALLET"}
    )


def item_id(world: World, reference: str = "eliteBook_820") -> int:
    (found,) = [row["id"] for row in world.rows("items") if row["reference"] == reference]
    return int(found)


def send(world: World, method: str, path: str, body: Any = None, **headers: str) -> Any:
    return world.http.open(
        f"{API}{path}", method=method, json=body, headers=world.headers(**headers)
    )


def test_an_item_unit_is_created_from_ids_or_references(world: World, units: list[int]) -> None:
    by_id = world.post("/itemUnits", {"itemId": item_id(world), "unitId": units[0], **GOOD})
    by_ref = world.post(
        "/itemUnits",
        {"itemId": "eliteBook_820", "unitId": " BOX ", "useExternalId": True, "quantity": 2},
    )

    assert (by_id.status_code, by_ref.status_code) == (201, 201)
    assert by_id.headers["Location"] == f"{API}/itemUnits/{by_id.json['id']}"
    assert by_ref.json["unitReference"] == "BOX"


@pytest.mark.parametrize(
    ("body", "status", "error", "words"),
    [
        ({}, 400, "missing_param", "itemId parameter is missing"),
        ({"itemId": 1}, 400, "missing_param", "unitId parameter is missing"),
        (
            {"itemId": "x", "unitId": 1},
            400,
            "invalid_param_type",
            "itemId (must be Positive Integer)",
        ),
        (
            {"itemId": 1, "unitId": True},
            400,
            "invalid_param_type",
            "unitId (must be Positive Integer)",
        ),
        ({"useExternalId": 1}, 400, "invalid_param_type", "useExternalId (must be Boolean)"),
        (
            {"itemId": 1, "unitId": "x", "useExternalId": True},
            400,
            "invalid_param_type",
            "itemId (must be String)",
        ),
        (
            {"itemId": 10**18, "unitId": 1},
            404,
            "not_found",
            "The item with the id 1000000000000000000",
        ),
        ({"unitId": 987654321}, 404, "not_found", "The unit with the id 987654321 doesn't exist."),
        (
            {"itemId": "no", "unitId": "BOX", "useExternalId": True},
            404,
            "not_found",
            "The item with the id no doesn't exist.",
        ),
    ],
)
def test_what_create_refuses(
    world: World, units: list[int], body: Any, status: int, error: str, words: str
) -> None:
    if body == {"unitId": 987654321}:
        body = {"itemId": item_id(world), **body}

    answer = world.post("/itemUnits", {**body, **GOOD} if body else body)

    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert words in answer.json["error_description"]


def test_creating_an_existing_pair_is_already_assigned(world: World, units: list[int]) -> None:
    world.upsert(GOOD)
    body = {"itemId": item_id(world), "unitId": units[0], "quantity": 9, "isDefault": True}

    answer = world.post("/itemUnits", body)

    assert (answer.status_code, answer.json) == (
        400,
        {"error": "already_assigned", "error_description": "Item is already assigned to unit."},
    )


def test_put_updates_by_id_and_by_reference_with_200(world: World, units: list[int]) -> None:
    own = world.upsert(GOOD).json["id"]

    by_id = send(world, "PUT", f"/itemUnits/{own}", {"quantity": 5})
    by_ref = send(world, "PUT", "/itemUnits/reference/eliteBook_820/PACKET", {"quantity": 6})
    again = send(world, "PUT", f"/itemUnits/{own}", {"quantity": 6})
    bad = send(world, "PUT", f"/itemUnits/{own}", {"weight": 3})

    assert [a.status_code for a in (by_id, by_ref, again, bad)] == [200, 200, 200, 400]
    assert [a.headers["Upsert-Result"] for a in (by_id, by_ref, again)] == [
        "updated", "updated", "unchanged",
    ]  # fmt: skip
    assert by_ref.json["quantity"] == 6
    assert bad.json["error_description"] == "quantity parameter is missing"


def test_put_never_creates(world: World, units: list[int]) -> None:
    by_id = send(world, "PUT", "/itemUnits/1000", {"quantity": 5})
    by_ref = send(world, "PUT", "/itemUnits/reference/eliteBook_820/PACKET", GOOD)

    assert by_id.json["error_description"] == "The item unit with the id 1000 doesn't exist."
    assert by_ref.json["error_description"] == (
        "The item unit with the id eliteBook_820/PACKET doesn't exist."
    )
    assert (by_id.status_code, by_ref.status_code) == (404, 404)
    assert world.rows("item_units") == []


def test_put_moves_to_a_free_pair_and_not_to_a_taken_one(world: World, units: list[int]) -> None:
    own = world.upsert(GOOD).json["id"]
    other = world.upsert({"quantity": 1}, unit="BOX").json["id"]

    moved = send(world, "PUT", f"/itemUnits/{own}", {"quantity": 4, "unitId": units[2]})
    taken = send(world, "PUT", f"/itemUnits/{own}", {"quantity": 4, "unitId": units[1]})
    by_ref = {"quantity": 4, "itemId": "bracelet", "useExternalId": True, "isDefault": True}
    other_item = send(world, "PUT", f"/itemUnits/{other}", by_ref)

    assert (moved.status_code, moved.json["unitReference"], moved.json["id"]) == (
        200,
        "PALLET",
        own,
    )
    assert (taken.status_code, taken.json["error"]) == (400, "already_assigned")
    assert (other_item.status_code, other_item.json["itemReference"]) == (200, "bracelet")
    assert world.get(f"/itemUnits/{own}").json["unitReference"] == "PALLET"


def test_a_default_that_moves_to_an_item_with_a_default_is_refused(
    world: World, units: list[int]
) -> None:
    own = world.upsert(GOOD).json["id"]
    world.upsert(GOOD, item="bracelet", unit="BOX")
    body = {"quantity": 4, "itemId": item_id(world, "bracelet")}

    refused = send(world, "PUT", f"/itemUnits/{own}", body)
    transferred = send(world, "PUT", f"/itemUnits/{own}?default=transfer", body)

    assert refused.json["error"] == "is_default_error"
    assert transferred.json["isDefault"] is True
    assert sum(row["is_default"] for row in world.rows("item_units")) == 1


def test_delete_by_id_and_by_reference(world: World, units: list[int]) -> None:
    first = world.upsert(GOOD).json["id"]
    world.upsert({"quantity": 1}, unit="BOX")

    by_id = send(world, "DELETE", f"/itemUnits/{first}")
    by_ref = send(world, "DELETE", "/itemUnits/reference/eliteBook_820/BOX")
    again = send(world, "DELETE", f"/itemUnits/{first}")

    assert (by_id.status_code, by_id.data, by_ref.status_code) == (204, b"", 204)
    assert (again.status_code, again.json["error"]) == (404, "not_found")
    assert world.rows("item_units") == []


def test_show_by_reference_is_show_by_id(world: World, units: list[int]) -> None:
    own = world.upsert(GOOD).json["id"]
    path = "/itemUnits/reference/eliteBook_820/PACKET"

    assert world.get(path).json == world.get(f"/itemUnits/{own}").json
    for path, words in (
        ("no/PACKET", "The item with the id no doesn't exist."),
        ("eliteBook_820/no", "The unit with the id no doesn't exist."),
        ("bracelet/PACKET", "The item unit with the id bracelet/PACKET doesn't exist."),
    ):
        assert world.get(f"/itemUnits/reference/{path}").json["error_description"] == words


def test_if_match_guards_every_change(world: World, units: list[int]) -> None:
    tag = world.upsert(GOOD).headers["ETag"]
    path = "/itemUnits/reference/eliteBook_820/PACKET"
    changed = send(world, "PUT", path, {"quantity": 5}, **{"If-Match": tag})
    own = changed.json["id"]

    stale = [
        send(world, "PUT", path, {"quantity": 6}, **{"If-Match": tag}),
        send(world, "PUT", f"/itemUnits/{own}", {"quantity": 6}, **{"If-Match": tag}),
        send(world, "POST", path, {"quantity": 6}, **{"If-Match": tag}),
        send(world, "POST", path, {"quantity": 6}, **{"If-Match": f"W/{changed.headers['ETag']}"}),
        send(world, "DELETE", f"/itemUnits/{own}", **{"If-Match": tag}),
        send(world, "POST", "/itemUnits/reference/eliteBook_820/BOX", GOOD, **{"If-Match": "*"}),
    ]

    assert (changed.status_code, changed.headers["ETag"] != tag) == (200, True)
    assert [answer.status_code for answer in stale[:5]] == [412] * 5
    assert stale[0].json["error"] == "precondition_failed"
    assert stale[5].json["error"] in ("is_default_error", "precondition_failed")
    assert world.get(f"/itemUnits/{own}").headers["ETag"] == changed.headers["ETag"]
    fine = send(
        world, "DELETE", f"/itemUnits/{own}", **{"If-Match": f'"x", {changed.headers["ETag"]}'}
    )
    assert fine.status_code == 204


def test_a_get_that_has_the_state_already_is_304(world: World, units: list[int]) -> None:
    for path in (f"/units/{units[0]}", world.upsert(GOOD).headers["Location"][len(API) :]):
        tag = world.get(path).headers["ETag"]
        answer = send(world, "GET", path, **{"If-None-Match": tag})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)


def test_the_tag_of_a_unit_follows_its_changes(world: World, units: list[int]) -> None:
    path = f"/units/{units[0]}"
    before = world.get(path).headers["ETag"]
    world.post_units([{"identifier": "PACKET"}])
    assert world.get(path).headers["ETag"] == before
    world.post_units([{"identifier": "PACKET", "name": "x"}])
    assert world.get(path).headers["ETag"] != before


def test_the_list_pages_and_filters(world: World, units: list[int]) -> None:
    for unit in ("PACKET", "BOX", "PALLET"):
        world.upsert({"quantity": 1, "isDefault": unit == "BOX"}, unit=unit)
    world.upsert(GOOD, item="bracelet")

    first = world.get("/itemUnits?max=3").json
    second = world.get(first["paging"]["next"]).json

    assert first["paging"] == {
        "total": 4,
        "max": 3,
        "offset": 0,
        "previous": None,
        "next": f"{API}/itemUnits?max=3&offset=3",
    }
    assert [row["unitReference"] for row in first["itemUnits"]] == ["PACKET", "BOX", "PALLET"]
    assert [row["itemReference"] for row in second["itemUnits"]] == ["bracelet"]
    assert second["paging"]["previous"] == f"{API}/itemUnits?max=3&offset=0"
    counts = {
        query: world.get(f"/itemUnits?{query}").json["paging"]["total"]
        for query in (
            "itemReference=bracelet", "unitReference=PACKET", "isDefault=true", "isDefault=false",
            "lastUpdated_gte=2000-01-01T00:00:00Z", "lastUpdated_gte=2999-01-01T00:00:00Z",
            "itemReference=bracelet&unitReference=BOX", "offset=99",
        )
    }  # fmt: skip
    assert list(counts.values()) == [1, 2, 2, 2, 4, 0, 0, 4]


def test_every_page_of_a_list_has_what_the_whole_list_has(world: World) -> None:
    world.put_units(*({"identifier": f"U-{n}"} for n in range(23)))
    rows = [
        {"itemId": "bracelet", "unitId": f"U-{n}", "quantity": 1, "isDefault": n == 0}
        for n in range(23)
    ]
    world.post("/itemUnits/multiple", {"itemUnits": rows})
    whole = [row["id"] for row in world.get("/itemUnits").json["itemUnits"]]

    for size in (1, 4, 22, 23, 1000):
        pages = [
            world.get(f"/itemUnits?max={size}&offset={start}").json for start in range(0, 24, size)
        ]
        assert [row["id"] for page in pages for row in page["itemUnits"]] == whole
    assert world.get("/itemUnits?offset=500").json["itemUnits"] == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("max=0", "max (must be an integer from 1 to 1000)"),
        ("max=1001", "max (must be an integer from 1 to 1000)"),
        ("offset=-1", "offset"),
        ("offset=9" + "9" * 40, "offset"),
        ("isDefault=yes", "isDefault (must be true or false)"),
        ("lastUpdated_gte=yesterday", "lastUpdated_gte"),
        ("lastUpdated_gte=2016-02-30T00:00:00Z", "lastUpdated_gte"),
        ("itemReference=%00", "itemReference"),
        ("max=1&max=2", "max (must be given once)"),
        ("colour=red", "colour is not a known parameter"),
    ],
)
def test_a_wrong_query_of_the_list_is_refused(world: World, query: str, words: str) -> None:
    answer = world.get(f"/itemUnits?{query}")

    assert answer.status_code == 400
    assert words in answer.json["error_description"]


def test_nothing_of_a_group_not_granted_is_seen_or_touched(world: World, units: list[int]) -> None:
    everything = world.token_for("entity1-all")
    body = {"group_external_ref": "south-tower", "units": [{"identifier": "THEIRS"}]}
    world.post("/units/multiple", body, everything)
    own = world.upsert(GOOD, unit="THEIRS", token=everything).json["id"]

    assert world.get("/itemUnits").json["paging"]["total"] == 0
    assert world.get("/itemUnits", everything).json["paging"]["total"] == 1
    assert send(world, "GET", f"/itemUnits/{own}").status_code == 404
    assert send(world, "PUT", f"/itemUnits/{own}", {"quantity": 1}).status_code == 404
    assert send(world, "DELETE", f"/itemUnits/{own}").status_code == 404
    assert len(world.rows("item_units")) == 1
