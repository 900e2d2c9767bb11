"""Settings: what the environment may say, and that all its faults are told at once."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from app.accounts.keys import secret_id
from config import ConfigError, database_url, from_env

ROOT = Path(__file__).parent.parent
SETTINGS = (
    "APP_ENV", "DATABASE_URL", "DB_LOCK_TIMEOUT", "DB_POOL_SIZE", "DB_STATEMENT_TIMEOUT",
    "DEFAULT_COUNTRY", "JWT_ACCEPTED_SECRET_KEYS", "JWT_AUDIENCE", "JWT_ISSUER", "JWT_PUBLIC_KEYS",
    "JWT_SECRET_KEY", "MAX_CONTENT_LENGTH", "MAX_UNITS_PER_REQUEST", "PGBOUNCER", "RATE_LIMIT",
    "RATE_LIMIT_STORAGE", "TOKEN_LIFETIME", "TOKEN_MAX_LIFETIME", "WEB_THREADS",
)  # fmt: skip
STRONG = "eiS4ohX7-ahgh9Eiv-Ohcae3Ai-Quoo2iex"
OTHER = "ieW7aiph-oR3Aighe-cahV6ooz-Ahj1iepu"


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


def test_a_secret_is_enough_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", STRONG)

    config = from_env()

    assert config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite:///")
    assert config["MAX_UNITS_PER_REQUEST"] == 10_000
    assert config["MAX_CONTENT_LENGTH"] == 16 * 2**20
    assert config["JWT_ACCESS_TOKEN_EXPIRES"] == 3600
    assert config["TOKEN_MAX_LIFETIME"] == 86_400
    assert config["RATE_LIMIT"] == ""
    assert (config["DB_LOCK_TIMEOUT"], config["DB_STATEMENT_TIMEOUT"]) == (30, 60)
    assert (config["DB_POOL_SIZE"], config["PGBOUNCER"]) == (4, False)


def test_all_faults_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_UNITS_PER_REQUEST", "0")
    monkeypatch.setenv("TOKEN_LIFETIME", "soon")
    monkeypatch.setenv("TOKEN_MAX_LIFETIME", "0")
    monkeypatch.setenv("JWT_ACCEPTED_SECRET_KEYS", "short")
    monkeypatch.setenv("JWT_AUDIENCE", "")
    monkeypatch.setenv("RATE_LIMIT", "often")
    monkeypatch.setenv("RATE_LIMIT_STORAGE", "abacus://u:swordfish@h")

    told = faults()

    assert told.keys() == {
        "JWT_ACCEPTED_SECRET_KEYS", "JWT_AUDIENCE", "JWT_SECRET_KEY", "MAX_UNITS_PER_REQUEST",
        "RATE_LIMIT", "RATE_LIMIT_STORAGE", "TOKEN_LIFETIME", "TOKEN_MAX_LIFETIME",
    }  # fmt: skip
    assert "swordfish" not in str(told)


def faults() -> dict[str, str]:
    """Answer what a start complains of, by setting."""
    with pytest.raises(ConfigError) as caught:
        from_env()
    lines = str(caught.value).splitlines()[1:]
    return dict(line.strip().split(": ", 1) for line in lines)


def test_there_is_a_connection_for_each_thread_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", STRONG)
    monkeypatch.setenv("WEB_THREADS", "9")
    assert from_env()["DB_POOL_SIZE"] == 9

    monkeypatch.setenv("DB_POOL_SIZE", "3")
    assert from_env()["DB_POOL_SIZE"] == 3


@pytest.mark.parametrize("name", ["DB_LOCK_TIMEOUT", "DB_STATEMENT_TIMEOUT"])
@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan", "inf"])
def test_a_time_limit_is_a_limit(monkeypatch: pytest.MonkeyPatch, name: str, seconds: str) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", STRONG)
    monkeypatch.setenv(name, seconds)

    with pytest.raises(ConfigError, match=name):
        from_env()


WEAK = ["", "secret", "x" * 31, "x" * 32, "abcd" * 8, "a-secret-for-tests-of-more-than-32-bytes"]


@pytest.mark.parametrize("secret", WEAK)
def test_a_weak_secret_starts_in_development_only(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", secret)
    with pytest.raises(ConfigError, match="JWT_SECRET_KEY"):
        from_env()

    monkeypatch.setenv("APP_ENV", "development")
    if secret:
        assert from_env()["JWT_SECRET_KEY"] == secret
    else:
        with pytest.raises(ConfigError):
            from_env()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_hosting_providers_url_gets_our_driver(scheme: str) -> None:
    assert database_url(f"{scheme}://u@h/d") == "postgresql+psycopg://u@h/d"
    assert database_url("postgresql+psycopg://u@h/d") == "postgresql+psycopg://u@h/d"


def test_a_start_without_settings_says_which_and_shows_no_trace() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "JWT_SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_asvs_13_3_4_a_secret_is_changed_by_accepting_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", STRONG)
    monkeypatch.setenv("JWT_ACCEPTED_SECRET_KEYS", OTHER)

    keys = from_env()["TOKEN_KEYS"]

    assert keys.issuing_id == secret_id(STRONG)
    assert keys.by_id.keys() == {secret_id(STRONG), secret_id(OTHER)}
    assert STRONG not in repr(list(keys.by_id))


def test_a_token_may_not_be_good_for_longer_than_the_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", STRONG)
    monkeypatch.setenv("TOKEN_MAX_LIFETIME", "600")
    assert from_env()["JWT_ACCESS_TOKEN_EXPIRES"] == 600

    monkeypatch.setenv("TOKEN_LIFETIME", "601")
    assert faults().keys() == {"TOKEN_LIFETIME"}


RSA = generate_private_key(65537, 2048)
ED25519 = Ed25519PrivateKey.generate()


def pem(private: Any) -> bytes:
    return private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def private_pem(private: Any) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def jwk(algorithm: Any, private: Any, **more: str) -> dict[str, Any]:
    return {**json.loads(algorithm.to_jwk(private.public_key())), **more}


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


RSA_JWK = jwk(RSAAlgorithm, RSA, kid="one", use="sig", alg="RS256")
ED_JWK = jwk(OKPAlgorithm, ED25519, kid="two")
FOR_ENCRYPTION = {**RSA_JWK, "kid": "three", "use": "enc", "alg": "RSA-OAEP"}
EC_JWK = jwk(ECAlgorithm, generate_ec_key(SECP256R1()), kid="four")


@pytest.mark.parametrize(
    ("content", "kids"),
    [
        (pem(RSA), {}),
        (pem(ED25519), {}),
        (key_set(RSA_JWK, ED_JWK, FOR_ENCRYPTION, EC_JWK), {"one": "RS256", "two": "EdDSA"}),
    ],
)
def test_public_keys_take_the_place_of_a_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, kids: dict[str, str]
) -> None:
    (tmp_path / "keys").write_bytes(content)
    monkeypatch.setenv("JWT_PUBLIC_KEYS", str(tmp_path / "keys"))

    keys = from_env()["TOKEN_KEYS"]

    assert keys.issuing_id is None
    assert {kid: key.algorithm for kid, key in keys.by_id.items()} == kids


def test_asvs_9_1_2_secrets_and_public_keys_are_never_mixed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "keys").write_bytes(pem(RSA))
    monkeypatch.setenv("JWT_PUBLIC_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("JWT_SECRET_KEY", STRONG)
    monkeypatch.setenv("JWT_ACCEPTED_SECRET_KEYS", OTHER)

    assert faults().keys() == {"JWT_SECRET_KEY", "JWT_ACCEPTED_SECRET_KEYS"}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "neither a public key"),
        (b"-----BEGIN PUBLIC KEY-----\nxx\n-----END PUBLIC KEY-----\n", "neither a public key"),
        (pem(generate_private_key(65537, 1024)), "at least 2048 bits"),
        (pem(generate_ec_key(SECP256R1())), "at least 2048 bits"),
        (private_pem(RSA), "private"),
        (b"{}", "no JWK set"),
        (b'{"keys": [1]}', "no JWK set"),
        (b'{"keys": [{"kty": "RSA"}]}', "no JWK set"),
        (key_set(), "no key"),
        (key_set(EC_JWK, {"kty": "oct", "k": "eA"}), "no key"),
        (key_set(RSA_JWK, RSA_JWK), "kid"),
        (key_set(RSA_JWK, {**ED_JWK, "kid": None}), "kid"),
        (key_set({**RSA_JWK, "d": "x"}), "private"),
    ],
)
def test_a_file_without_usable_public_keys_does_not_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, fault: str
) -> None:
    (tmp_path / "keys").write_bytes(content)
    monkeypatch.setenv("JWT_PUBLIC_KEYS", str(tmp_path / "keys"))

    assert fault in faults()["JWT_PUBLIC_KEYS"]


def test_a_missing_key_file_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_PUBLIC_KEYS", "/nowhere/keys.pem")

    assert "cannot be read" in faults()["JWT_PUBLIC_KEYS"]


def test_a_storage_without_its_driver_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", STRONG)
    monkeypatch.setenv("RATE_LIMIT", "100/second")
    monkeypatch.setenv("RATE_LIMIT_STORAGE", "memcached://localhost:11211")

    assert "driver is not installed" in faults()["RATE_LIMIT_STORAGE"]
