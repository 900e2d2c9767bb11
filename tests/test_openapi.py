"""``/openapi.json`` knows every route and every error, and ``/docs`` needs no network."""

import re
from typing import Any

import pytest
from flask import Flask

from app.docs import build_spec, errors_of
from app.errors import ApiError, BadRequest, MethodNotAllowed, UrlNotFound
from tests.world import World

UNDOCUMENTED = {"docs.show_spec", "swagger_ui.show"}


def every_error(family: type[ApiError] = ApiError) -> set[type[ApiError]]:
    return {family, *(error for child in family.__subclasses__() for error in every_error(child))}


@pytest.fixture(name="spec")
def _spec(migrated_app: Flask) -> Any:
    return build_spec(migrated_app)


def test_it_is_openapi_3_1_and_answers_without_a_token(world: World, spec: Any) -> None:
    answer = world.http.get("/openapi.json")

    assert answer.status_code == 200
    assert answer.json["openapi"] == "3.1.0"
    assert set(answer.json["paths"]) == set(spec["paths"])


def test_every_route_is_described(migrated_app: Flask) -> None:
    for endpoint, view in migrated_app.view_functions.items():
        assert hasattr(view, "operation") is (endpoint not in UNDOCUMENTED), endpoint


def test_operation_ids_are_distinct_and_readable(spec: Any) -> None:
    ids = [o["operationId"] for path in spec["paths"].values() for o in path.values()]

    assert len(ids) == len(set(ids)) >= 20
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", name) for name in ids)


def test_every_error_class_is_in_some_answer(migrated_app: Flask) -> None:
    described = {
        error
        for view in migrated_app.view_functions.values()
        if hasattr(view, "operation")
        for error in errors_of(view.operation)
    }
    told = {error.type for error in described}
    # Raised before a route is found, so no route can list them.
    anywhere = {UrlNotFound, MethodNotAllowed, BadRequest}

    missing = {e for e in every_error() - anywhere if hasattr(e, "type") and e.type not in told}
    assert missing == set()


def test_both_envelopes_are_described(spec: Any) -> None:
    def envelope(path: str, method: str) -> Any:
        answer = spec["paths"][path][method]["responses"]["400"]
        return answer["content"]["application/json"]["schema"]

    units = envelope("/api/v1.0/units/multiple", "post")
    item_units = envelope("/api/v1.0/itemUnits/reference/{itemId}/{unitId}", "post")
    schemas = spec["components"]["schemas"]
    assert units["$ref"] == "#/components/schemas/UnitsError"
    assert schemas["UnitsError"]["required"] == ["error"]
    assert schemas["ErrorDetail"]["required"] == ["message", "type"]
    assert "no_group" in units["properties"]["error"]["properties"]["type"]["enum"]
    assert item_units["$ref"] == "#/components/schemas/ItemUnitsError"
    assert schemas["ItemUnitsError"]["required"] == ["error", "error_description"]
    assert "is_default_error" in item_units["properties"]["error"]["enum"]


def test_an_atomic_refusal_is_described_with_its_rows(spec: Any) -> None:
    answers = spec["paths"]["/api/v1.0/units/multiple"]["post"]["responses"]
    refused, reused = answers["422"]["content"]["application/json"]["schema"]["anyOf"]

    assert reused["$ref"] == "#/components/schemas/UnitsError"
    assert refused["$ref"] == "#/components/schemas/UnitsRejection"
    assert set(spec["components"]["schemas"]["UnitsRejection"]["required"]) == {
        "error",
        "summary",
        "units",
    }


def test_every_post_that_writes_takes_an_idempotency_key_and_nothing_else_does(spec: Any) -> None:
    for path, methods in spec["paths"].items():
        for method, described in methods.items():
            names = [parameter["name"] for parameter in described["parameters"]]
            writes = method == "post" and path != "/oauth/token"
            assert ("Idempotency-Key" in names) is writes, path
            assert ("409" in described["responses"]) is writes, path
            unknown = "outcome_unknown" in described["responses"]["503"]["description"]
            assert unknown is (method in ("post", "put", "delete") and path != "/oauth/token"), path


def test_a_path_that_is_no_id_is_described(spec: Any) -> None:
    answers = spec["paths"]["/api/v1.0/units/{id}"]["get"]["responses"]
    error = answers["404"]["content"]["application/json"]["schema"]["properties"]["error"]

    assert error["properties"]["type"]["enum"] == ["not_found", "unit_not_found"]


def test_nothing_in_a_query_is_null(spec: Any) -> None:
    for path in spec["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                assert isinstance(parameter["schema"]["type"], str), parameter
                assert parameter["description"], parameter


def test_every_operation_has_a_described_tag(spec: Any) -> None:
    tags = {tag["name"] for tag in spec["tags"] if tag["description"]}

    for path in spec["paths"].values():
        for operation in path.values():
            assert set(operation["tags"]) <= tags


def test_every_example_is_accepted(world: World, spec: Any) -> None:
    for path, methods in spec["paths"].items():
        body = methods.get("post", {}).get("requestBody", {})
        for content in body.get("content", {}).values():
            for example in content.get("examples", {}).values():
                whole = path.replace("{itemId}", "eliteBook_820").replace("{unitId}", "A-1")
                whole = whole.replace("{reference}", "eliteBook_820")
                world.put_units({"identifier": "A-1"})
                answer = world.post(whole.removeprefix("/api/v1.0"), example["value"])
                assert answer.status_code in (200, 201, 400), (path, answer.json)
                if answer.status_code == 400:
                    assert answer.json["error"] == "already_assigned"


def test_the_page_refers_to_nothing_outside(world: World) -> None:
    page = world.http.get("/docs/").get_data(as_text=True)

    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert links
    assert all(link.startswith("/docs/") for link in links)
    for link in links:
        with world.http.get(link) as answer:
            assert answer.status_code == 200
    assert world.http.get("/docs/../../etc/passwd").status_code == 404
