"""The items routes over HTTP. Source: CONTRACT 7."""

from typing import Any

import pytest

from tests.world import API, World


def test_an_item_is_created_renamed_and_left_alone(world: World) -> None:
    answers = [
        world.post("/items/reference/Pi%C3%A9ce%2F1", {"name": name}) for name in ("a", "b", " b ")
    ]

    assert [a.status_code for a in answers] == [201] * 3
    assert [a.headers["Upsert-Result"] for a in answers] == ["created", "updated", "unchanged"]
    assert answers[0].headers["Location"] == answers[0].json["href"]
    assert answers[2].json == answers[1].json
    assert answers[2].json == {
        "id": answers[0].json["id"],
        "reference": "Piéce/1",
        "name": "b",
        "href": f"{API}/items/{answers[0].json['id']}",
        "organization": "entity1",
        "dateCreated": answers[0].json["dateCreated"],
        "lastUpdated": answers[2].json["lastUpdated"],
    }
    assert world.get(answers[0].json["href"]).json == answers[2].json


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ({}, "missing_param", "name parameter is missing"),
        ({"name": ""}, "missing_param", "name parameter is missing"),
        ({"name": "  "}, "missing_param", "name parameter is missing"),
        ({"name": "x", "nome": 1}, "unknown_param", "nome"),
        ({"name": 7}, "invalid_param_type", "name (must be String)"),
        ({"name": "a\u0000"}, "invalid_param_type", "name (must be String)"),
        ({"name": "x" * 256}, "invalid_param_type", "name (must be String)"),
    ],
)
def test_what_an_upsert_refuses(world: World, body: Any, error: str, words: str) -> None:
    answer = world.post("/items/reference/x", body)

    assert (answer.status_code, answer.json["error"]) == (400, error)
    assert words in answer.json["error_description"]


@pytest.mark.parametrize("reference", ["%00", "..", "%20", "x" * 256])
def test_a_reference_that_nobody_can_have_is_not_found(world: World, reference: str) -> None:
    assert world.post(f"/items/reference/{reference}", {"name": "x"}).status_code == 404


def test_many_items_at_once(world: World) -> None:
    rows: list[Any] = [
        {"reference": "new", "name": "a"},
        {"reference": "new", "name": "b"},
        {"reference": "bracelet", "name": "Knot Band Bracelet"},
        {"reference": "eliteBook_820", "name": "Renamed"},
        {"reference": "x"},
        {"name": "y"},
        {"reference": "z", "name": "z", "price": 1},
        7,
    ]

    answer = world.post("/items/multiple", {"items": rows}).json

    assert answer["summary"] == {"created": 1, "updated": 2, "unchanged": 1, "failed": 4}
    assert [row.get("action") for row in answer["items"][:4]] == [
        "created", "updated", "unchanged", "updated",
    ]  # fmt: skip
    assert [row["error"]["type"] for row in answer["items"][4:]] == [
        "missing_param", "missing_param", "unknown_param", "json_parsing_error",
    ]  # fmt: skip
    assert answer["items"][4]["reference"] == "x"
    assert [row["name"] for row in answer["items"][:2]] == ["a", "b"]
    assert world.get(answer["items"][1]["href"]).json["name"] == "b"


def test_the_list_pages_and_filters(world: World) -> None:
    rows = [{"reference": f"R-{n}", "name": "x"} for n in range(5)]
    world.post("/items/multiple", {"items": rows})

    page = world.get("/items?max=3&offset=4").json

    assert page["paging"]["total"] == 7
    assert [item["reference"] for item in page["items"]] == ["R-2", "R-3", "R-4"]
    assert page["paging"]["previous"] == f"{API}/items?max=3&offset=1"
    assert world.get("/items?reference=R-1").json["paging"]["total"] == 1
    assert world.get("/items?reference=secret-item").json["items"] == []


def test_many_items_take_a_fixed_number_of_statements(world: World) -> None:
    counts = []
    for count in (10, 1000):
        rows = [{"reference": f"{count}-{n}", "name": "x"} for n in range(count)]
        with world.statements() as seen:
            world.post("/items/multiple", {"items": rows})
        counts.append(len([s for s in seen if not s.startswith("BEGIN")]))

    assert counts[0] == counts[1] <= 4
