"""Keys: a secret changed without refusing a token, and tokens of another issuer."""

import json
import time
import uuid
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from flask import Flask
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from app import create_app
from app.db import db
from config import token_settings
from tests.fixtures import config_for
from tests.token_kinds import Maker
from tests.world import API, SECRET, World

OLD, NEW = "old-secret-old-secret-old-secret-old", "new-secret-new-secret-new-secret-new"
RSA, OTHER_RSA = generate_private_key(65537, 2048), generate_private_key(65537, 2048)
ED25519 = Ed25519PrivateKey.generate()
PEM = RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def server(world: World, **settings: Any) -> Flask:
    """Answer another server on the same database."""
    url = world.app.config["SQLALCHEMY_DATABASE_URI"]
    return create_app({**config_for(url), **token_settings(**settings)})


def status(app: Flask, token: str) -> int:
    answer = app.test_client().get(f"{API}/groups", headers={"Authorization": f"Bearer {token}"})
    with app.app_context():
        db.engine.dispose()
    return answer.status_code


def issue(app: Flask) -> str:
    done = app.test_cli_runner().invoke(args=["token", "entity1-sync"])
    with app.app_context():
        db.engine.dispose()
    assert done.exit_code == 0, done.output
    return done.output.strip()


def test_asvs_13_3_4_a_secret_is_changed_on_servers_one_by_one_and_no_token_is_refused(
    world: World,
) -> None:
    before = server(world, secret=OLD)
    both = server(world, secret=OLD, accepted=[NEW])  # Step 1: all servers know the new one,
    swapped = server(world, secret=NEW, accepted=[OLD])  # step 2: all sign with it,
    after = server(world, secret=NEW)  # step 3, a token's lifetime later: the old one goes.

    old, new = issue(both), issue(swapped)

    assert [status(app, old) for app in (before, both, swapped, after)] == [200, 200, 200, 401]
    assert [status(app, new) for app in (before, both, swapped, after)] == [401, 200, 200, 200]
    assert jwt.get_unverified_header(old)["kid"] != jwt.get_unverified_header(new)["kid"]


def test_a_token_that_names_no_key_is_proven_by_the_current_one_only(world: World) -> None:
    swapped = server(world, secret=NEW, accepted=[OLD])
    make = Maker("entity1-sync", world.rows("organizations")[0]["id"])

    assert status(swapped, make.token(key=NEW)) == 200
    assert status(swapped, make.token(key=OLD)) == 401


def claims(**changes: Any) -> dict[str, Any]:
    """Answer what an identity provider puts into an access token (RFC 9068)."""
    now = int(time.time())
    good = {
        "iss": "https://idp.example",
        "aud": "units",
        "sub": "entity1-sync",
        "client_id": "entity1-sync",
        "iat": now,
        "exp": now + 300,
        "jti": str(uuid.uuid4()),
    }
    return {k: v for k, v in {**good, **changes}.items() if v is not None}


def signed(key: Any, algorithm: str, kid: str | None = None, **changes: Any) -> str:
    headers = {"typ": "at+jwt"} if kid is None else {"typ": "at+jwt", "kid": kid}
    return jwt.encode(claims(**changes), key, algorithm, headers=headers)


@pytest.fixture(name="key_set")
def _key_set(world: World, tmp_path: Any) -> Flask:
    """Answer a server that trusts an identity provider with two keys."""
    keys = [
        {**RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True), "kid": "rsa", "use": "sig"},
        {**OKPAlgorithm.to_jwk(ED25519.public_key(), as_dict=True), "kid": "ed"},
    ]
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": keys}))
    return trusting(world, str(file))


def trusting(world: World, file: str) -> Flask:
    return server(world, public=file, issuer="https://idp.example", audience="units")


def test_an_identity_providers_tokens_are_taken(world: World, key_set: Flask) -> None:
    organization = world.rows("organizations")[0]["id"]

    assert status(key_set, signed(RSA, "RS256", "rsa")) == 200
    assert status(key_set, signed(ED25519, "EdDSA", "ed")) == 200
    assert status(key_set, signed(RSA, "RS256", "rsa", org=organization)) == 200


def test_asvs_9_1_1_to_9_1_3_and_9_2_a_provider_is_checked_as_we_check_ourselves(
    key_set: Flask,
) -> None:
    secret = Maker("entity1-sync", 1).sign
    bad = {
        "no kid among two keys": signed(RSA, "RS256"),
        "unknown kid": signed(RSA, "RS256", "gone"),
        "another key": signed(OTHER_RSA, "RS256", "rsa"),
        "the kid of the other kind": signed(RSA, "RS256", "ed"),
        "another algorithm": signed(RSA, "PS256", "rsa"),
        "a longer hash": signed(RSA, "RS512", "rsa"),
        "the public key as a secret": secret(b"{}", {"alg": "HS256", "kid": "rsa"}, PEM.decode()),
        "our own secret": signed(SECRET, "HS256", "rsa"),
        "another issuer": signed(RSA, "RS256", "rsa", iss="https://evil.example"),
        "another audience": signed(RSA, "RS256", "rsa", aud="entity1-sync"),
        "another organization": signed(RSA, "RS256", "rsa", org=10**6),
        "no jti": signed(RSA, "RS256", "rsa", jti=None),
        "an unknown client": signed(RSA, "RS256", "rsa", sub="a-person"),
        "good for two days": signed(RSA, "RS256", "rsa", exp=int(time.time()) + 2 * 86_400),
        "an identity": jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa"}),
    }

    assert {kind: status(key_set, token) for kind, token in bad.items()} == dict.fromkeys(bad, 401)


def test_one_key_in_pem_proves_tokens_whatever_they_call_it(world: World, tmp_path: Any) -> None:
    (tmp_path / "key.pem").write_bytes(PEM)
    app = trusting(world, str(tmp_path / "key.pem"))

    assert status(app, signed(RSA, "RS256")) == 200
    assert status(app, signed(RSA, "RS256", "whatever")) == 200
    assert status(app, signed(OTHER_RSA, "RS256", "whatever")) == 401
    forged = Maker("entity1-sync", 1).sign(b"{}", {"alg": "HS256"}, PEM.decode())
    assert status(app, forged) == 401


def test_who_only_checks_tokens_says_that_it_issues_none(key_set: Flask) -> None:
    form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}

    answer = key_set.test_client().post("/oauth/token", data=form)
    done = key_set.test_cli_runner().invoke(args=["token", "entity1-sync"])

    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")
    assert "issues no tokens" in answer.json["error_description"]
    assert done.exit_code == 1
    assert "issues no tokens" in done.output
    with key_set.app_context():
        db.engine.dispose()


def test_a_client_of_a_provider_is_revoked_as_any_other(world: World, key_set: Flask) -> None:
    token = signed(RSA, "RS256", "rsa", iat=int(time.time()) - 5)
    assert status(key_set, token) == 200

    done = world.app.test_cli_runner().invoke(args=["client", "revoke-tokens", "entity1-sync"])

    assert done.exit_code == 0
    assert status(key_set, token) == 401
