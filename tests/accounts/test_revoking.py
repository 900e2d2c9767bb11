"""Tokens taken back, to the second; and what a token request costs."""

from typing import Any

import jwt
import pytest
import time_machine
from sqlalchemy import select

from app.accounts import service
from app.db import Base, db
from tests.world import API, World

CLIENT = "entity1-sync"


def run(world: World, *args: str, fails: bool = False) -> str:
    done = world.app.test_cli_runner().invoke(args=list(args))
    assert (done.exit_code != 0) is fails, done.output
    return done.output


def works(world: World, token: str) -> bool:
    answer = world.get("/groups", token)
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def test_enabling_a_client_never_brings_back_a_token(world: World) -> None:
    old = world.token_for(CLIENT)
    run(world, "client", "disable", CLIENT)
    meanwhile = world.token_for(CLIENT)
    assert not works(world, meanwhile)

    run(world, "client", "enable", CLIENT)

    assert [works(world, token) for token in (old, meanwhile)] == [False, False]
    assert works(world, world.token_for(CLIENT))


def test_revoking_refuses_all_tokens_until_now_and_no_new_one(world: World) -> None:
    old, others = world.token_for(CLIENT), world.token_for("entity1-all")

    assert "revoked" in run(world, "client", "revoke-tokens", CLIENT)

    assert not works(world, old)
    assert works(world, world.token_for(CLIENT))
    assert works(world, others)


def test_a_token_and_its_revocation_may_fall_into_one_second(world: World) -> None:
    with time_machine.travel("2030-01-01T00:00:00.2Z", tick=False) as clock:
        first = world.token_for(CLIENT)
        clock.shift(0.1)
        run(world, "client", "revoke-tokens", CLIENT)
        clock.shift(0.1)
        second = world.token_for(CLIENT)
        assert [works(world, token) for token in (first, second)] == [False, True]
        clock.shift(0.1)
        run(world, "client", "revoke-tokens", CLIENT)
        third = world.token_for(CLIENT)
        assert [works(world, token) for token in (first, second, third)] == [False, False, True]
        clock.shift(3590)
        assert [works(world, token) for token in (first, second, third)] == [False, False, True]


def test_one_token_is_revoked_by_its_id_and_forgotten_when_it_would_have_expired(
    world: World,
) -> None:
    with time_machine.travel("2030-01-01T00:00:00Z", tick=False) as clock:
        lost, kept = world.token_for(CLIENT), world.token_for(CLIENT)
        run(world, "client", "revoke-tokens", CLIENT, "--jti", token_id(lost))
        run(world, "client", "revoke-tokens", CLIENT, "--jti", token_id(lost))
        assert [works(world, token) for token in (lost, kept)] == [False, True]
        assert len(world.rows("revoked_tokens")) == 1

        clock.shift(86_401)
        run(world, "client", "revoke-tokens", "entity1-all", "--jti", "another")

    assert [row["token_id"] for row in world.rows("revoked_tokens")] == ["another"]


def test_the_token_id_of_one_client_is_nothing_to_another(world: World) -> None:
    token = world.token_for(CLIENT)

    run(world, "client", "revoke-tokens", "entity1-all", "--jti", token_id(token))
    run(world, "client", "revoke-tokens", "entity2-all", "--jti", token_id(token))

    assert works(world, token)


def token_id(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["jti"])


@pytest.mark.parametrize("command", ["disable", "enable", "revoke-tokens"])
def test_a_command_for_an_unknown_client_says_so(world: World, command: str) -> None:
    assert "no client 'nobody'" in run(world, "client", command, "nobody", fails=True)


def test_a_token_id_that_no_token_can_have_is_refused(world: World) -> None:
    told = run(world, "client", "revoke-tokens", CLIENT, "--jti", "a b", fails=True)

    assert "No token has such an id" in told


def test_no_token_is_printed_that_would_be_refused_for_its_length(world: World) -> None:
    assert works(world, run(world, "token", CLIENT, "--expires-in", "86400").strip())
    assert "86400" in run(world, "token", CLIENT, "--expires-in", "86401", fails=True)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_server_that_has_run_past_the_expiry_refuses_the_token(world: World) -> None:
    with time_machine.travel("2030-01-01T00:00:00Z", tick=False) as clock:
        token = world.token_for(CLIENT)
        for seconds, code in ((3599, None), (1, "expired_token"), (86_400, "expired_token")):
            clock.shift(seconds)
            told = world.get("/groups", token).json
            assert told.get("error", {}).get("type") == code


@pytest.mark.parametrize("seconds", ["-1", "0"])
def test_an_expired_token_has_no_grace(world: World, seconds: str) -> None:
    token = run(world, "token", CLIENT, "--expires-in", seconds).strip()

    assert world.get("/groups", token).json["error"]["type"] == "expired_token"


def test_the_token_costs_one_statement_on_any_route(world: World) -> None:
    with world.statements() as seen:
        assert world.get("/units/address-key?address_line_1=1+Main+St").status_code == 200

    assert len([s for s in seen if not s.startswith("BEGIN")]) == 1


def test_asvs_6_3_8_every_token_request_hashes_as_often_whoever_asks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown client cannot be told from a wrong secret by the time that it takes."""
    clients = [
        {"client_id": name, "client_secret": "right", "groups": "*"} for name in ("good", "off")
    ]
    world.provision({"organizations": [{"name": "entity1", "clients": clients}]})
    run(world, "client", "disable", "off")
    hashed: list[str] = []
    check = service.check_password_hash

    def note(stored: str, secret: str) -> bool:
        hashed.append(stored.split("$")[0])
        return check(stored, secret)

    monkeypatch.setattr(service, "check_password_hash", note)
    asked = [("good", "right"), ("good", "wrong"), ("off", "right"), ("nobody", "x"), (CLIENT, "x")]
    for client_id, secret in asked:
        form: dict[str, Any] = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
        }
        told = world.http.post("/oauth/token", data=form)
        assert told.status_code == (200 if (client_id, secret) == asked[0] else 401)

    assert hashed == [service.HASH_METHOD] * len(asked)
    with world.app.app_context():
        clients_table = Base.metadata.tables["clients"]
        stored = db.session.scalars(select(clients_table.c.secret_hash)).all()
        db.session.remove()
    assert {h.split("$")[0] for h in stored if h} == {service.HASH_METHOD}


def test_no_client_secret_and_no_token_is_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    client = {"client_id": "acme", "client_secret": "sw0rdfish", "groups": "*"}
    world.provision({"organizations": [{"name": "entity1", "clients": [client]}]})
    form = {"grant_type": "client_credentials", **{k: client[k] for k in client if k != "groups"}}

    right = world.http.post("/oauth/token", data=form)
    wrong = world.http.post("/oauth/token", data={**form, "client_secret": "sw0rdfish2"})
    basic = world.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=("acme", "sw0rdfish")
    )

    assert [a.status_code for a in (right, wrong, basic)] == [200, 401, 200]
    for secret in ("sw0rdfish", right.json["access_token"], basic.json["access_token"]):
        assert secret not in caplog.text
    assert "sw0rdfish" not in wrong.text


def test_a_token_request_may_not_be_large(world: World) -> None:
    form = {"grant_type": "client_credentials", "client_id": "x" * 20_000}

    answer = world.http.post("/oauth/token", data=form)

    assert (answer.status_code, answer.json["error"]) == (413, "request_too_large")
    assert "16384" in answer.json["error_description"]


def test_the_description_may_be_kept_and_asked_for_again(world: World) -> None:
    first = world.http.get("/openapi.json")
    second = world.http.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "no-cache"
    assert (second.status_code, second.data) == (304, b"")


def test_every_401_names_a_scheme(world: World) -> None:
    assert (
        world.get(f"/groups/{world.groups['south-tower']}").headers["WWW-Authenticate"] == "Bearer"
    )
    assert world.http.get(f"{API}/groups", headers={"Authorization": "Bearer x"}).headers[
        "WWW-Authenticate"
    ] == ("Bearer")
