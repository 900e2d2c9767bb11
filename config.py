"""Settings: read from the environment, checked all at once, no default for a secret.

The README lists every setting; ``tests/test_docs.py`` keeps the two in step.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from environs import Env, EnvValidationError
from marshmallow import ValidationError
from marshmallow.validate import ContainsOnly, Length, OneOf, Range

from app.accounts.keys import UnusableKeys, public_keys, secret_keys

DOTENV = Path(__file__).with_name(".env")
MIN_SECRET_BYTES = 32
"""An HMAC-SHA-256 key shorter than its hash can be guessed faster than forged (RFC 7518, 3.2)."""

MIN_LETTERS = 5
"""A secret of fewer different letters was typed, not made."""

WELL_KNOWN = frozenset(
    {
        "a-string-secret-at-least-256-bits-long",  # jwt.io
        "your-256-bit-secret-your-256-bit-secret",
        "a-secret-for-tests-of-more-than-32-bytes",  # Ours: tests/world.py
        "change-me-change-me-change-me-change-me",
        "changemechangemechangemechangeme",
        "super-secret-key-super-secret-key",
        "0123456789abcdef0123456789abcdef",
        "0123456789012345678901234567890123456789",
        "abcdefghijklmnopqrstuvwxyz123456",
    }
)
"""Secrets that stand in documents and examples: the first that anybody tries."""

DAY = 86_400


SECONDS = Range(min=0.1, max=3600)
"""What a time-out may be. PostgreSQL would take 0 for no limit at all."""

OPS_ROUTES = ["health", "metrics", "docs"]
"""What operators may switch off or serve on another port: ``/healthz`` and ``/readyz``, ``/metrics``,
``/openapi.json`` and ``/docs``. Source: CONTRACT 9."""


class ConfigError(Exception):
    """The environment does not describe a service that may start; the text names every fault."""


def from_env() -> dict[str, Any]:
    """Answer the Flask configuration that the environment describes.

    Raises ``ConfigError`` naming every missing or wrong variable at once.
    Source: CONTRACT 9.
    """
    env = Env(eager=False)
    if DOTENV.exists():  # The flask command reads it too; gunicorn alone would not.
        env.read_env(DOTENV, recurse=False)
    tokens = read_token_settings(env)
    settings = {
        "SQLALCHEMY_DATABASE_URI": database_url(env.str("DATABASE_URL", "")),
        "DB_LOCK_TIMEOUT": env.float("DB_LOCK_TIMEOUT", 30, validate=SECONDS),
        "DB_STATEMENT_TIMEOUT": env.float("DB_STATEMENT_TIMEOUT", 60, validate=SECONDS),
        # One for each thread of gunicorn.
        "DB_POOL_SIZE": env.int(
            "DB_POOL_SIZE", env.int("WEB_THREADS", 4), validate=Range(min=1, max=1000)
        ),
        "PGBOUNCER": env.bool("PGBOUNCER", False),
        "TRUSTED_PROXIES": env.int("TRUSTED_PROXIES", 0, validate=Range(min=0, max=10)),
        "OPS_ROUTES": env.list("OPS_ROUTES", OPS_ROUTES, validate=ContainsOnly(OPS_ROUTES)),
        "OPS_PORT": port_of(env.str("OPS_BIND", "")),
        "DEFAULT_COUNTRY": env.str("DEFAULT_COUNTRY", ""),
        "MAX_CONTENT_LENGTH": env.int("MAX_CONTENT_LENGTH", 16 * 2**20, validate=Range(min=1)),
        "MAX_UNITS_PER_REQUEST": env.int(
            "MAX_UNITS_PER_REQUEST", 10_000, validate=Range(min=1, max=100_000)
        ),
        "RATE_LIMIT": env.str("RATE_LIMIT", "", validate=_is_rate_limit),
        "RATE_LIMIT_STORAGE": env.str("RATE_LIMIT_STORAGE", "memory://", validate=_is_storage),
    }
    try:
        env.seal()
    except EnvValidationError as error:
        raise ConfigError(_describe(error)) from None
    return settings | token_settings(**tokens)


def read_token_settings(env: Env) -> dict[str, Any]:
    """Answer what ``token_settings`` takes; faults are kept in ``env``.

    Either secrets or public keys: a service that took both could be talked into checking a token with
    the wrong one.
    """
    environment = env.str("APP_ENV", "production", validate=OneOf(["production", "development"]))
    longest = env.int("TOKEN_MAX_LIFETIME", DAY, validate=Range(min=1, max=30 * DAY))
    read: dict[str, Any] = {
        "issuer": env.str("JWT_ISSUER", "unit-registry", validate=Length(min=1)),
        "audience": env.str("JWT_AUDIENCE", "unit-registry", validate=Length(min=1)),
        "lifetime": env.int(
            "TOKEN_LIFETIME", min(3600, longest or DAY), validate=Range(min=1, max=longest or DAY)
        ),
        "max_lifetime": longest,
    }
    if env.str("JWT_PUBLIC_KEYS", ""):
        for name in ("JWT_SECRET_KEY", "JWT_ACCEPTED_SECRET_KEYS"):
            env.str(name, "", validate=_is_unset)
        return read | {"public": env.str("JWT_PUBLIC_KEYS", validate=_has_public_keys)}
    strong = _is_strong(weak_allowed=environment == "development")
    return read | {
        "secret": env.str("JWT_SECRET_KEY", validate=strong),
        "accepted": env.list("JWT_ACCEPTED_SECRET_KEYS", [], validate=_each(strong)),
    }


def token_settings(
    secret: str = "",
    issuer: str = "unit-registry",
    audience: str = "unit-registry",
    lifetime: int = 3600,
    *,
    accepted: Sequence[str] = (),
    public: str = "",
    max_lifetime: int = DAY,
) -> dict[str, Any]:
    """Answer the settings of tokens: the keys, what they must say, how long they are good.

    ``secret`` signs, and proves together with the ``accepted`` ones; or ``public``, a file, has the keys
    of another issuer. Lifetimes are in seconds. Source: CONTRACT 2 (token errors) and 3.
    """
    return {
        "TOKEN_KEYS": public_keys(Path(public)) if public else secret_keys(secret, accepted),
        "TOKEN_MAX_LIFETIME": max_lifetime,
        "JWT_SECRET_KEY": secret or None,
        "JWT_ALGORITHM": "HS256",
        "JWT_DECODE_ALGORITHMS": ["HS256"],
        "JWT_TOKEN_LOCATION": ["headers"],
        "JWT_ENCODE_ISSUER": issuer,
        "JWT_DECODE_ISSUER": issuer,
        "JWT_ENCODE_AUDIENCE": audience,
        "JWT_DECODE_AUDIENCE": audience,
        "JWT_ACCESS_TOKEN_EXPIRES": lifetime,
    }


def database_url(url: str) -> str:
    """Answer ``url`` with the driver that we ship; an empty one is an SQLite file in ``instance/``.

    ``postgres://`` and ``postgresql://`` are what hosting providers hand out.
    """
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url or "sqlite:///registry.sqlite3"


def port_of(address: str) -> str:
    """Answer the port in ``host:port``, as WSGI has it; empty for an empty address."""
    return address.rpartition(":")[2]


def _is_strong(*, weak_allowed: bool) -> Callable[[str], None]:
    """Answer a validator for a secret; only development may use one that can be guessed."""

    def check(secret: str) -> None:
        if not secret or (len(secret.encode()) < MIN_SECRET_BYTES and not weak_allowed):
            raise ValidationError(f"must have at least {MIN_SECRET_BYTES} bytes")
        if not weak_allowed and (len(set(secret)) < MIN_LETTERS or secret in WELL_KNOWN):
            raise ValidationError("is easily guessed: make one at random")

    return check


def _each(check: Callable[[str], None]) -> Callable[[list[str]], None]:
    def check_all(values: list[str]) -> None:
        for value in values:
            check(value)

    return check_all


def _is_unset(value: str) -> None:
    if value:
        raise ValidationError("must not be set together with JWT_PUBLIC_KEYS")


def _has_public_keys(file: str) -> None:
    try:
        public_keys(Path(file))
    except UnusableKeys as error:
        raise ValidationError(str(error)) from None


def _is_rate_limit(text: str) -> None:
    if text:
        import limits  # Loading it takes a tenth of a second, so only who wants it pays.

        try:
            limits.parse_many(text)
        except ValueError:
            raise ValidationError("must be like 100/second or 100/second;5000/hour") from None


def _is_storage(url: str) -> None:
    from limits.errors import ConfigurationError
    from limits.storage import storage_from_string

    try:
        storage_from_string(url)
    except ConfigurationError:  # Its text repeats the address, which may have a password.
        raise ValidationError("is of no known kind, or its driver is not installed") from None


def _describe(error: EnvValidationError) -> str:
    faults: Any = error.error_messages  # By name, as always with a sealed Env.
    lines = [f"  {name}: {' '.join(texts)}" for name, texts in sorted(faults.items())]
    return "The settings are not complete:\n" + "\n".join(lines)
