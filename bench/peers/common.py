"""What all peers share: the settings, the token check, the clock."""

import os
from datetime import UTC, datetime

import jwt

from app.units.addresses import RECIPE, address_key
from bench.databases import SQLITE_SETTINGS
from bench.workload import ADDRESS, PLAIN

__all__ = ("ADDRESS", "IS_SQLITE", "PLAIN", "RECIPE", "SQLITE_SETTINGS", "URL", "address_key")

URL = os.environ["DATABASE_URL"]
IS_SQLITE = URL.startswith("sqlite")
SECRET = os.environ["JWT_SECRET_KEY"]


def organization_of(header: str) -> int:
    """Answer the organization that a bearer token names; raises ``jwt.PyJWTError``."""
    token = header.removeprefix("Bearer ")
    claims = jwt.decode(token, SECRET, ["HS256"], audience="unit-registry", issuer="unit-registry")
    return int(claims["org"])


def utcnow() -> datetime:
    """Answer the time, UTC and without a zone, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)
