"""Tokens: issued for a client, checked on each request, turned into a ``Caller``."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from flask import g, request
from flask_jwt_extended import create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.errors import (
    ExpiredToken,
    InvalidAuthorization,
    InvalidClient,
    MissingAuthorization,
)
from app.accounts.models import Client, Organization
from app.db import reading

CLIENT = (
    select(
        Client.id,
        Client.organization_id,
        Client.all_groups,
        Client.disabled_at,
        Organization.name,
    )
    .join(Organization, Organization.id == Client.organization_id)
    .where(Client.client_id == bindparam("client_id"))
)
"""Who a token's client is. Made once: every request asks it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a client, and the organization that all its statements name."""

    organization_id: int
    organization: str
    client_id: int
    all_groups: bool


def issue_token(client: Client, expires_in: int | None = None) -> str:
    """Answer a signed token for ``client``, good for ``expires_in`` seconds (default: the setting).

    A negative number gives one that has expired. Source: CONTRACT 3.
    """
    token: str = create_access_token(
        identity=client.client_id,
        additional_claims={"org": client.organization_id},
        expires_delta=None if expires_in is None else timedelta(seconds=expires_in),
    )
    return token


def require_token() -> None:
    """Check the bearer token of the request and remember its ``Caller``; for ``before_request``.

    Raises ``MissingAuthorization`` (400), ``ExpiredToken`` or ``InvalidAuthorization`` (401).
    Source: S1, CONTRACT 2.
    """
    claims = read_claims(request.headers.get("Authorization", ""))
    with reading() as session:
        g.caller = find_caller(session, claims)


def read_basic() -> tuple[str, str]:
    """Answer the user and the password of Basic authorization; raises ``InvalidClient`` (401)."""
    try:
        basic = request.authorization
    except ValueError:  # Werkzeug lets one escape for letters beyond ASCII.
        basic = None
    if basic is None or basic.type != "basic":
        raise InvalidClient()
    return basic.username or "", basic.password or ""


def caller() -> Caller:
    """Answer who calls; only behind ``require_token``."""
    found: Caller = g.caller
    return found


def read_claims(header: str) -> dict[str, Any]:
    """Answer the claims of the token in ``header``; the scheme is compared in any case."""
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise MissingAuthorization()
    try:
        claims: dict[str, Any] = decode_token(token.strip())
    except jwt.ExpiredSignatureError:
        raise ExpiredToken() from None
    # Some malformed tokens escape PyJWT as ValueError and its kin; none may become a 500.
    except (jwt.PyJWTError, JWTExtendedException, ValueError, TypeError, RecursionError):
        raise InvalidAuthorization() from None
    if claims["type"] != "access" or not isinstance(claims.get("exp"), int):
        raise InvalidAuthorization()
    return claims


def find_caller(session: Session, claims: dict[str, Any]) -> Caller:
    """Answer the client that ``claims`` name, if it is still there and not disabled.

    It is looked up on every request, so that disabling a client takes effect at once.
    """
    client_id = claims["sub"]
    if not isinstance(client_id, str) or "\x00" in client_id:
        raise InvalidAuthorization()
    found = session.execute(CLIENT, {"client_id": client_id}).one_or_none()
    if found is None or found.disabled_at is not None or found.organization_id != claims.get("org"):
        raise InvalidAuthorization()
    return Caller(found.organization_id, found.name, found.id, found.all_groups)


def disable_client(session: Session, client: Client, now: datetime) -> None:
    """Refuse all tokens of ``client`` from now on. Source: CONTRACT 3."""
    client.disabled_at = client.disabled_at or now
