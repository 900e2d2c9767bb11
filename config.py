"""Settings: read from the environment, checked all at once, no default for a secret.

The README lists every setting; ``tests/test_docs.py`` keeps the two in step.
"""

from pathlib import Path
from typing import Any

from environs import Env, EnvValidationError
from marshmallow import ValidationError
from marshmallow.validate import OneOf, Range

DOTENV = Path(__file__).with_name(".env")
MIN_SECRET_BYTES = 32
"""An HMAC-SHA-256 key shorter than its hash can be guessed faster than forged (RFC 7518, 3.2)."""


SECONDS = Range(min=0.1, max=3600)
"""What a time-out may be. PostgreSQL would take 0 for no limit at all."""


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
    environment = env.str("APP_ENV", "production", validate=OneOf(["production", "development"]))
    secret = env.str("JWT_SECRET_KEY", validate=_long_enough(environment == "development"))
    lifetime = env.int("TOKEN_LIFETIME", 3600, validate=Range(min=1, max=86_400))
    issuer = env.str("JWT_ISSUER", "unit-registry")
    audience = env.str("JWT_AUDIENCE", "unit-registry")
    settings = {
        "SQLALCHEMY_DATABASE_URI": database_url(env.str("DATABASE_URL", "")),
        "DB_LOCK_TIMEOUT": env.float("DB_LOCK_TIMEOUT", 30, validate=SECONDS),
        "DB_STATEMENT_TIMEOUT": env.float("DB_STATEMENT_TIMEOUT", 60, validate=SECONDS),
        # One for each thread of gunicorn.
        "DB_POOL_SIZE": env.int(
            "DB_POOL_SIZE", env.int("WEB_THREADS", 4), validate=Range(min=1, max=1000)
        ),
        "PGBOUNCER": env.bool("PGBOUNCER", False),
        "DEFAULT_COUNTRY": env.str("DEFAULT_COUNTRY", ""),
        "MAX_CONTENT_LENGTH": env.int("MAX_CONTENT_LENGTH", 16 * 2**20, validate=Range(min=1)),
        "MAX_UNITS_PER_REQUEST": env.int(
            "MAX_UNITS_PER_REQUEST", 10_000, validate=Range(min=1, max=100_000)
        ),
    }
    try:
        env.seal()
    except EnvValidationError as error:
        raise ConfigError(_describe(error)) from None
    return settings | token_settings(secret, issuer, audience, lifetime)


def token_settings(secret: str, issuer: str, audience: str, lifetime: int) -> dict[str, Any]:
    """Answer flask-jwt-extended's settings: one algorithm, header only, audience and issuer held.

    ``lifetime`` is in seconds. Source: CONTRACT 2 (token errors) and 3.
    """
    return {
        "JWT_SECRET_KEY": secret,
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


def _long_enough(weak_allowed: bool) -> Any:
    """Answer a validator for a signing key; only development may use a short one."""

    def check(secret: str) -> None:
        if not secret or (len(secret.encode()) < MIN_SECRET_BYTES and not weak_allowed):
            raise ValidationError(f"must have at least {MIN_SECRET_BYTES} bytes")

    return check


def _describe(error: EnvValidationError) -> str:
    faults: Any = error.error_messages  # By name, as always with a sealed Env.
    lines = [f"  {name}: {' '.join(texts)}" for name, texts in sorted(faults.items())]
    return "The settings are not complete:\n" + "\n".join(lines)
