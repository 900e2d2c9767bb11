"""Requests that no route takes: the right envelope, nothing changed, nothing leaked."""

import pytest

from tests.world import API, World


@pytest.mark.parametrize(
    "field",
    ["id", "organization_id", "group_id", "version", "created_at", "updated_at", "address_key"],
)
def test_no_field_of_the_service_itself_can_be_assigned(world: World, field: str) -> None:
    world.put_units({"identifier": "PACKET"})
    before = world.everything()

    row = world.post_units([{"identifier": "PACKET", "name": "x", field: 1}]).json["units"][0]
    item_unit = world.upsert({"quantity": 1, "isDefault": True, field: 1})

    assert row["error"]["fields"] == {field: ["unknown field"]}
    assert item_unit.json["error"] == "unknown_param"
    assert world.everything() == before


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1.0/units/x", 404, "not_found"),
        ("GET", "/api/v1.0//units/multiple", 404, "not_found"),
        ("GET", "/api/v1.0/units/multiple", 405, "method_not_allowed"),
        ("OPTIONS", "/api/v1.0/units/multiple", 405, "method_not_allowed"),
        ("TRACE", "/api/v1.0/units/multiple", 405, "method_not_allowed"),
    ],
)
def test_routing_errors_stand_in_the_units_envelope(
    world: World, method: str, path: str, status: int, code: str
) -> None:
    answer = world.http.open(path, method=method)

    assert (answer.status_code, answer.json["error"]["type"]) == (status, code)
    assert ("Allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1.0/itemUnitsX", 404, "not_found"),
        ("POST", "/api/v1.0/itemUnits/reference/a", 404, "not_found"),
        ("POST", "/api/v1.0/itemUnits/reference//a", 404, "not_found"),
        ("DELETE", "/api/v1.0/items/1", 405, "method_not_allowed"),
        ("GET", "/oauth/token", 405, "method_not_allowed"),
    ],
)
def test_routing_errors_stand_in_the_item_units_envelope(
    world: World, method: str, path: str, status: int, code: str
) -> None:
    answer = world.http.open(path, method=method)

    assert (answer.status_code, answer.json["error"]) == (status, code)
    assert isinstance(answer.json["error_description"], str)


def test_a_fault_of_ours_shows_no_detail(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr("app.units.views.upsert_units", fail)
    monkeypatch.setattr("app.item_units.views.upsert_item_unit", fail)

    units, item_units = world.post_units([]), world.upsert({"quantity": 1})

    oops = "Oops! Something went wrong..."  # S2
    assert (units.status_code, item_units.status_code) == (500, 500)
    assert units.json == {"error": {"type": "server_error", "message": oops}}
    assert item_units.json == {"error": "server_error", "error_description": oops}


def test_a_request_id_is_on_every_answer(world: World) -> None:
    for path in ("/healthz", "/nowhere", f"{API}/units/1"):
        own = world.http.get(path, headers={"X-Request-ID": "trace-42"})
        made = world.http.get(path, headers={"X-Request-ID": "bad id\x7f"})
        assert own.headers["X-Request-ID"] == "trace-42"
        assert len(made.headers["X-Request-ID"]) == 36
