"""Every route with every kind of token, and with everything that belongs to somebody else.

Numbers are those of the OWASP Application Security Verification Standard 5.0.
"""

import io
from typing import Any

import jwt
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.routes import CALLS, OPEN, Call, Records, name_of, rules
from tests.token_kinds import EXPIRED, INVALID, MISSING, Kind, token_kinds
from tests.world import API, SECRET, World

TOKEN_ERRORS = {
    MISSING: (
        400,
        (
            "Your request does not include an 'Authorization' header with a bearer token for your"
            " account."
        ),
    ),
    EXPIRED: (
        401,
        (
            "The bearer token you have provided in the 'Authorization' header has expired. Please"
            " obtain a new one."
        ),
    ),
    INVALID: (401, "The bearer token you have provided in the 'Authorization' header is invalid."),
}  # S1
FIRST_CALLS = list({(call.method, call.rule): call for call in reversed(CALLS)}.values())
SYNC = "entity1-sync"
JTI = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(name="records")
def _records(world: World) -> Records:
    return Records(world)


def run(world: World, *args: str) -> str:
    """Run a command of the operator's, which must succeed."""
    done = world.app.test_cli_runner().invoke(args=list(args))
    assert done.exit_code == 0, done.output
    return done.output


def send(world: World, sent: dict[str, Any], authorization: str | None) -> TestResponse:
    headers = {} if authorization is None else {"Authorization": authorization}
    return world.http.open(**sent, headers=headers, buffered=True)


def kinds(world: World) -> dict[str, Kind]:
    organization = world.rows("organizations")[0]["id"]
    run(world, "client", "revoke-tokens", SYNC, "--jti", JTI)
    return token_kinds(SYNC, organization, JTI)


def code_of(answer: TestResponse) -> str:
    error = (answer.json or {}).get("error", "")
    return str(error["type"] if isinstance(error, dict) else error)


def envelope(call: Call, code: str) -> dict[str, Any]:
    """Answer the body of a token error. Source: S1, CONTRACT 2."""
    text = TOKEN_ERRORS[code][1]
    if call.rule.startswith((f"{API}/items", f"{API}/itemUnits")):
        return {"error": code, "error_description": text}
    return {"error": {"type": code, "message": text}}


def test_every_route_is_in_the_table(migrated_app: Flask) -> None:
    assert rules(migrated_app) == OPEN | {(call.method, call.rule) for call in CALLS}


def test_there_are_at_least_62_kinds_of_token_as_planned(world: World) -> None:
    assert len(kinds(world)) >= 62


@pytest.mark.parametrize("call", FIRST_CALLS, ids=name_of)
def test_asvs_9_1_and_9_2_every_route_refuses_every_kind_of_bad_token(
    world: World, records: Records, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    bad = {name: kind for name, kind in kinds(world).items() if kind.error}
    sent, before = records.request(call), world.everything()

    for name, kind in bad.items():
        answer = send(world, sent, kind.header)

        assert (answer.status_code, code_of(answer)) == (TOKEN_ERRORS[kind.error][0], kind.error), (
            name
        )
        assert answer.json == envelope(call, kind.error), name
        challenge = "Bearer" if answer.status_code == 401 else None
        assert answer.headers.get("WWW-Authenticate") == challenge, name
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        if call.method == "GET":
            head = send(world, {**sent, "method": "HEAD"}, kind.header)
            assert (head.status_code, head.data) == (answer.status_code, b""), name
    assert world.everything() == before
    assert_nothing_secret(caplog.text, bad)


GOOD = sorted(name for name, kind in token_kinds(SYNC, 1, JTI).items() if not kind.error)


@pytest.mark.parametrize("name", GOOD)
def test_every_route_lets_the_good_kinds_in(
    world: World, records: Records, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    kind = kinds(world)[name]

    for call in FIRST_CALLS:
        answer = send(world, records.request(call), kind.header)
        # Some make or delete what a later one then finds or misses; but nobody speaks of the token.
        passed = answer.status_code == call.done
        assert passed or code_of(answer) in ("not_found", "already_assigned"), call
    assert_nothing_secret(caplog.text, {name: kind})


def assert_nothing_secret(logged: str, sent: dict[str, Kind]) -> None:
    assert SECRET not in logged
    for name, kind in sent.items():
        token = (kind.header or "").rpartition(" ")[2]
        assert len(token) < 16 or token not in logged, name


@pytest.mark.parametrize("call", [call for call in CALLS if call.kind], ids=name_of)
def test_asvs_8_2_2_and_8_4_1_what_is_not_ones_own_is_not_there(
    world: World, records: Records, call: Call
) -> None:
    named, authorization = records.named[call.kind], f"Bearer {world.token}"
    before = world.everything()

    told = {}
    for whose in ("theirs", "unknown", "ungranted"):
        value = getattr(named, whose)
        if value is None:  # Items belong to the organization, not to a group.
            continue
        answer = send(world, records.request(call, whose), authorization)
        assert outcome(answer) == (call.ungranted if whose == "ungranted" else call.missing), whose
        assert (answer.status_code == 401) is ("WWW-Authenticate" in answer.headers)
        told[whose] = anonymous(answer, value)
    # What is told repeats the name that was sent, and nothing else tells the two apart.
    assert told["theirs"] == told["unknown"]
    if call.ungranted == call.missing and "ungranted" in told:
        assert told["ungranted"] == told["unknown"]
    assert world.everything() == before

    own = send(world, records.request(call), authorization)
    assert own.status_code == call.done, own.data
    if call.done != 204:
        assert outcome(own) == (call.done, "")
    assert anonymous(own, named.own)[0] != told["unknown"][0]
    theirs = [rows_of_others(everything) for everything in (before, world.everything())]
    assert theirs[0] == theirs[1]


def outcome(answer: TestResponse) -> tuple[int, str]:
    """Answer the status, and the error code of the answer or of its first row."""
    if answer.status_code == 200 and answer.is_json:
        rows = next((v for v in answer.json.values() if isinstance(v, list)), [])
        row = rows[0] if rows and isinstance(rows[0], dict) else {}
        return 200, row.get("error", {}).get("type", "")
    return answer.status_code, code_of(answer) if answer.is_json else ""


def anonymous(answer: TestResponse, value: Any) -> tuple[bytes, dict[str, str]]:
    """Answer the body and the headers without the name that was asked for and the request's id."""
    body = answer.data.replace(str(value).encode(), b"?")
    headers = {
        k: v for k, v in answer.headers.items() if k not in ("X-Request-ID", "Content-Length")
    }
    return body, headers


def rows_of_others(everything: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Answer all rows of entity2, which nobody of entity1 can change."""
    other = everything["organizations"][1]["id"]
    return [r for rows in everything.values() for r in rows if r.get("organization_id") == other]


def test_asvs_7_4_2_and_7_4_5_what_an_operator_takes_back_is_gone_with_the_next_request(
    world: World, records: Records
) -> None:
    """A client disabled, all its tokens revoked, or one of them: it worked a moment ago."""
    for name, take_back in TAKEN_BACK.items():
        token = provisioned(world, f"entity1-{name}")
        assert world.get(f"/groups/{world.group}", token).status_code == 200
        take_back(world, f"entity1-{name}", token)
        before = world.everything()
        for call in FIRST_CALLS:
            answer = send(world, records.request(call), f"Bearer {token}")
            assert (answer.status_code, answer.json) == (401, envelope(call, INVALID)), call
        assert world.everything() == before


def test_asvs_8_3_2_a_grant_that_is_removed_is_gone_with_the_next_request(
    world: World, records: Records
) -> None:
    token = provisioned(world, "entity1-cut")
    assert world.get(f"/groups/{world.group}", token).status_code == 200
    client: dict[str, Any] = {"client_id": "entity1-cut", "groups": []}
    world.provision({"organizations": [{"name": "entity1", "clients": [client]}]})
    before = world.everything()

    for call in CALLS:
        if call.kind and "item_id" not in call.kind and "item_ref" not in call.kind:
            answer = send(world, records.request(call), f"Bearer {token}")
            assert outcome(answer) == (call.ungranted), call
    assert world.everything() == before


def provisioned(world: World, client_id: str) -> str:
    """Answer the token of a new client that may use the north tower."""
    client = {"client_id": client_id, "groups": ["north-tower"]}
    world.provision({"organizations": [{"name": "entity1", "clients": [client]}]})
    return world.token_for(client_id)


def revoke_one(world: World, client_id: str, token: str) -> None:
    jti = jwt.decode(token, options={"verify_signature": False})["jti"]
    run(world, "client", "revoke-tokens", client_id, "--jti", jti)


TAKEN_BACK = {
    "disabled": lambda world, client, _token: run(world, "client", "disable", client),
    "revoked": lambda world, client, _token: run(world, "client", "revoke-tokens", client),
    "one-revoked": revoke_one,
}


METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"}


def test_asvs_4_1_4_a_route_takes_its_own_methods_only(world: World, records: Records) -> None:
    before = world.everything()
    for call in FIRST_CALLS:
        served = {method for method, rule in rules(world.app) if rule == call.rule}
        path = records.request(call)["path"]
        for method in METHODS - served:
            answer = world.http.open(path, method=method, headers=world.headers(), data=b"{}")
            assert (answer.status_code, code_of(answer)) == (405, "method_not_allowed"), method
            assert method not in answer.headers["Allow"].split(", ")
    assert world.everything() == before


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_asvs_4_1_4_no_header_changes_the_method(
    world: World, records: Records, header: str
) -> None:
    before = world.everything()
    path = f"{API}/itemUnits/{records.own}"

    shown = world.http.get(path, headers=world.headers(None, **{header: "DELETE"}))
    in_query = world.http.get(f"{path}?_method=DELETE", headers=world.headers())

    assert (shown.status_code, in_query.status_code) == (200, 200)
    assert world.everything() == before


class Unread(io.RawIOBase):
    """A body that must not be read."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        pytest.fail("the body was read")


WRITING = [call for call in FIRST_CALLS if call.method in ("POST", "PUT")]


@pytest.mark.parametrize("authorization", ["", "Bearer x.y.z"])
def test_a_big_body_without_a_token_is_refused_before_it_is_read(
    world: World, records: Records, authorization: str
) -> None:
    for call in WRITING:
        for size in (10, 2**40):
            answer = world.http.open(
                records.request(call)["path"],
                method=call.method,
                headers={"Authorization": authorization},
                content_type="application/json",
                environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": str(size)},
            )
            assert code_of(answer) == (INVALID if authorization else MISSING)


ITEM_UNIT_FIELDS = ("id", "organization_id", "organization", "group_id", "version",
                    "created_at", "updated_at", "dateCreated", "lastUpdated")  # fmt: skip
SET_BY_US = {
    "/units/multiple": ("address_key", "created_at", "group_id", "id", "organization_id",
                        "updated_at", "version"),
    "/items/reference/new-item": ITEM_UNIT_FIELDS,
    "/items/multiple": ITEM_UNIT_FIELDS,
}  # fmt: skip


@pytest.mark.parametrize("call", WRITING, ids=name_of)
def test_asvs_15_3_3_no_field_of_the_service_itself_can_be_assigned(
    world: World, records: Records, call: Call
) -> None:
    sent, before = records.request(call), world.everything()
    for field in SET_BY_US.get(call.path, ITEM_UNIT_FIELDS):
        rows = [value for value in sent["json"].values() if isinstance(value, list)]
        if rows:
            in_row = [{**rows[0][0], field: 1}]
            body = {k: in_row if isinstance(v, list) else v for k, v in sent["json"].items()}
            answer = send(world, {**sent, "json": body}, f"Bearer {world.token}")
            assert outcome(answer)[1] in ("unknown_param", "invalid_unit"), field
            assert answer.json["summary"]["failed"] == 1, field
        if field != "group_id" or not rows:
            body = {**sent["json"], field: 1}
            answer = send(world, {**sent, "json": body}, f"Bearer {world.token}")
            assert answer.status_code == 400, (field, answer.data)
            assert code_of(answer) in ("unknown_param", "invalid_request"), field
    assert world.everything() == before


def test_another_organizations_item_of_the_same_reference_is_another_item(world: World) -> None:
    before = rows_of_others(world.everything())

    one = world.post("/items/reference/secret-item", {"name": "Ours"})
    many = world.post("/items/multiple", {"items": [{"reference": "secret-item", "name": "Mine"}]})

    assert (one.status_code, one.headers["Upsert-Result"]) == (201, "created")
    assert many.json["summary"]["updated"] == 1
    assert rows_of_others(world.everything()) == before
