"""Bad input: a clear 4xx in the route's envelope, nothing changed, nothing leaked."""

import time

import orjson
import pytest

from tests.bad_bodies import bodies
from tests.world import API, World

BODIES = [pytest.param(kind, body, id=name) for name, kind, body in bodies()]
ROUTES = ["/units/multiple", "/itemUnits/reference/eliteBook_820/PACKET"]


def test_there_are_a_hundred_of_them() -> None:
    assert len(BODIES) >= 100
    assert len({param.id for param in BODIES}) == len(BODIES)


@pytest.mark.parametrize("route", ROUTES)
def test_no_bad_body_stores_anything_or_causes_a_500(world: World, route: str) -> None:
    world.put_units({"identifier": "PACKET"})
    before = world.everything()
    for param in BODIES:
        content_type, body = param.values
        started = time.monotonic()
        answer = world.http.post(
            f"{API}{route}", data=body, content_type=content_type, headers=world.headers()
        )
        told = orjson.loads(answer.data)
        if answer.status_code == 200:
            assert told["summary"]["failed"] == len(told["units"]), param.id
        else:
            assert 400 <= answer.status_code < 500, param.id
            assert set(told) == ({"error"} if "units" in route else {"error", "error_description"})
        assert len(answer.data) < 64 * 1024, param.id
        assert time.monotonic() - started < 10, param.id
    assert world.everything() == before


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
        own = world.http.get(path, headers={"X-Request-ID": "trace-4242"})
        made = world.http.get(path, headers={"X-Request-ID": "bad id\x7f"})
        assert own.headers["X-Request-ID"] == "trace-4242"
        assert len(made.headers["X-Request-ID"]) == 36
