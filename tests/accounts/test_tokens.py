"""Getting a token, and what makes one bad."""

import base64
import json
from typing import Any

import jwt
import pytest
import time_machine

from tests.world import API, SECRET, World

CLIENT = {"client_id": "acme", "client_secret": "s3cret+&%20 x", "groups": "*"}


@pytest.fixture(name="acme")
def _acme(world: World) -> World:
    world.provision({"organizations": [{"name": "entity1", "clients": [CLIENT]}]})
    return world


def ask(world: World, **form: str) -> Any:
    fields = {
        "grant_type": "client_credentials",
        "client_id": CLIENT["client_id"],
        "client_secret": CLIENT["client_secret"],
    }
    return world.http.post("/oauth/token", data={k: v for k, v in {**fields, **form}.items() if v})


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_a_client_gets_a_token_that_works(acme: World) -> None:
    answer = ask(acme)

    assert answer.status_code == 200
    assert set(answer.json) == {"access_token", "token_type", "expires_in"}
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 3600)
    assert answer.headers["Cache-Control"] == "no-store"
    assert acme.get("/units/1", answer.json["access_token"]).status_code == 404


@pytest.mark.parametrize("password", [CLIENT["client_secret"], "s3cret%2B%26%2520+x"])
def test_basic_authorization_takes_the_secret_encoded_or_as_it_is(
    acme: World, password: str
) -> None:
    form = {"grant_type": "client_credentials"}
    answer = acme.http.post("/oauth/token", data=form, headers=basic("acme", password))

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "entity1-sync"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "a\x00b"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
    ],
)
def test_a_refused_token_request_says_why_as_rfc_6749_does(
    acme: World, form: dict[str, str], status: int, error: str
) -> None:
    answer = ask(acme, **form)

    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert set(answer.json) == {"error", "error_description"}
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)


def test_a_token_request_that_is_no_form_or_repeats_itself_is_invalid(acme: World) -> None:
    twice = "grant_type=client_credentials&grant_type=client_credentials"
    form = "application/x-www-form-urlencoded"
    both = {"grant_type": "client_credentials", "client_secret": "x"}

    answers = [
        acme.http.post("/oauth/token", json={"grant_type": "client_credentials"}),
        acme.http.post("/oauth/token", data=twice, content_type=form),
        acme.http.post("/oauth/token", data=both, headers=basic("acme", "x")),
    ]

    assert [(a.status_code, a.json["error"]) for a in answers] == [(400, "invalid_request")] * 3


def test_a_disabled_client_is_refused_from_that_moment_on(acme: World) -> None:
    token = ask(acme).json["access_token"]
    assert acme.get("/units/1", token).status_code == 404

    done = acme.app.test_cli_runner().invoke(args=["client", "disable", "acme"])

    assert done.exit_code == 0
    assert acme.get("/units/1", token).json["error"]["type"] == "invalid_authorization"
    assert ask(acme).json["error"] == "invalid_client"


def claims(world: World, **changes: Any) -> dict[str, Any]:
    good = jwt.decode(world.token, options={"verify_signature": False})
    return {k: v for k, v in {**good, **changes}.items() if v is not None}


def signed(world: World, key: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(world, **changes), key, algorithm)


def unsigned(world: World) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims(world))]
    return ".".join(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts) + "."


BAD_TOKENS = {
    "garbage": lambda w: "garbage",
    "three dots": lambda w: "...",
    "not ascii": lambda w: "é.é.é",
    "two tokens": lambda w: f"{w.token} {w.token}",
    "no signature": lambda w: w.token.rpartition(".")[0] + ".",
    "algorithm none": unsigned,
    "another key": lambda w: signed(w, key="y" * 40),
    "another algorithm": lambda w: signed(w, algorithm="HS512", key="z" * 64),
    "another issuer": lambda w: signed(w, iss="other"),
    "no issuer": lambda w: signed(w, iss=None),
    "another audience": lambda w: signed(w, aud="other"),
    "no audience": lambda w: signed(w, aud=None),
    "no expiry": lambda w: signed(w, exp=None),
    "not yet good": lambda w: signed(w, nbf=2**33),
    "a refresh token": lambda w: signed(w, type="refresh"),
    "unknown client": lambda w: signed(w, sub="nobody"),
    "no client": lambda w: signed(w, sub=None),
    "a client with NUL": lambda w: signed(w, sub="a\x00b"),
    "another organization": lambda w: signed(w, org=0),
    "no organization": lambda w: signed(w, org=None),
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_a_bad_token_is_401_and_changes_nothing(world: World, kind: str) -> None:
    before = world.everything()
    headers = {"Authorization": f"Bearer {BAD_TOKENS[kind](world)}"}

    answer = world.http.post(f"{API}/units/multiple", json={}, headers=headers)

    assert (answer.status_code, answer.json["error"]["type"]) == (401, "invalid_authorization")
    assert world.everything() == before


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_token_expires(world: World) -> None:
    with time_machine.travel("2030-01-01T00:00:00Z", tick=False) as clock:
        token = world.token_for("entity1-sync")
        clock.shift(3599)
        assert world.get("/units/1", token).status_code == 404
        clock.shift(2)
        assert world.get("/units/1", token).json["error"]["type"] == "expired_token"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_compared_in_any_case(world: World, scheme: str) -> None:
    headers = {"Authorization": f"{scheme}  {world.token} "}

    assert world.http.get(f"{API}/units/1", headers=headers).status_code == 404
