"""Tokens: issued for a client, checked on each request, turned into a ``Caller``."""

import time
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import jwt
from flask import current_app, g, request
from flask_jwt_extended import create_access_token
from sqlalchemy import Table, bindparam, exists, select
from sqlalchemy.orm import Session

from app.accounts.claims import Claims, check_claims
from app.accounts.errors import (
    InvalidAuthorization,
    InvalidClient,
    MissingAuthorization,
    TokensIssuedElsewhere,
)
from app.accounts.keys import KeyRing
from app.accounts.models import Client, Organization, RevokedToken
from app.db import reading

LEEWAY = 10
"""Seconds that an issuer's clock may be ahead of ours. An expired token has no grace."""

CHECKS: Any = {"require": ["iss", "aud"], "verify_exp": False, "verify_sub": False}
"""What PyJWT is left to check beside the signature: issuer, audience, ``nbf`` and ``iat``. The rest is
``check_claims``; expiry comes last, so that *expired* means that nothing else was wrong."""

CLIENTS: Table = Client.__table__  # type: ignore[assignment]
ORGANIZATIONS: Table = Organization.__table__  # type: ignore[assignment]
REVOKED: Table = RevokedToken.__table__  # type: ignore[assignment]
CLIENT = (
    select(
        CLIENTS.c.id,
        CLIENTS.c.organization_id,
        CLIENTS.c.all_groups,
        CLIENTS.c.disabled_at,
        CLIENTS.c.tokens_valid_from,
        ORGANIZATIONS.c.name,
        exists()
        .where(
            REVOKED.c.organization_id == CLIENTS.c.organization_id,
            REVOKED.c.client_id == CLIENTS.c.id,
            REVOKED.c.token_id == bindparam("token_id"),
        )
        .label("is_revoked"),
    )
    .join(ORGANIZATIONS, ORGANIZATIONS.c.id == CLIENTS.c.organization_id)
    .where(CLIENTS.c.client_id == bindparam("client_id"))
)
"""Who a token's client is, and whether the token still counts. Made once, and of the tables, not the
classes: every request asks it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a client, and the organization that all its statements name."""

    organization_id: int
    organization: str
    client_id: int
    all_groups: bool


def issue_token(client: Client, expires_in: int | None = None) -> str:
    """Answer a signed token for ``client``, good for ``expires_in`` seconds (default: the setting).

    A negative number gives one that has expired. Raises ``TokensIssuedElsewhere`` where this service
    has public keys only. Source: CONTRACT 3.
    """
    key_id = key_ring().issuing_id
    if key_id is None:
        raise TokensIssuedElsewhere()
    start = int(time.time())
    if client.tokens_valid_from is not None:
        # All tokens were revoked within this second: the new one counts from the next.
        start = max(start, int(client.tokens_valid_from.replace(tzinfo=UTC).timestamp()))
    lifetime = current_app.config["JWT_ACCESS_TOKEN_EXPIRES"] if expires_in is None else expires_in
    times = {"iat": start, "nbf": start, "exp": start + lifetime}
    token: str = create_access_token(
        identity=client.client_id,
        additional_claims={"org": client.organization_id, **times},
        additional_headers={"kid": key_id},
    )
    return token


def require_token() -> None:
    """Check the bearer token of the request and remember its ``Caller``; for ``before_request``.

    Raises ``MissingAuthorization`` (400), ``ExpiredToken`` or ``InvalidAuthorization`` (401), and
    ``RateLimited`` (429) where the operator set a limit. Nothing of the body has been read by then.
    Source: S1, CONTRACT 2.
    """
    claims = read_token(request.headers.get("Authorization", ""))
    with reading() as session:
        g.caller = find_caller(session, claims)
    g.client_name = claims.client_id
    if (rate_limits := current_app.extensions.get("rate_limits")) is not None:
        rate_limits.spend(g.caller.client_id)


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


def key_ring() -> KeyRing:
    """Answer the keys that sign or prove tokens."""
    keys: KeyRing = current_app.config["TOKEN_KEYS"]
    return keys


def read_token(header: str) -> Claims:
    """Answer what the token in ``header`` claims; the scheme is compared in any case."""
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise MissingAuthorization()
    try:
        return verify(token.strip())
    # Some malformed tokens escape PyJWT as ValueError and its kin; none may become a 500.
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        raise InvalidAuthorization() from None


def verify(token: str) -> Claims:
    """Answer the claims of ``token`` if one of our keys proves it and it is meant for us.

    Raises ``ExpiredToken``, ``InvalidAuthorization``, or what PyJWT raises.
    """
    config, keys = current_app.config, key_ring()
    header = jwt.get_unverified_header(token)
    key = keys.find(header.get("kid"))
    if key is None:
        raise InvalidAuthorization()
    payload = jwt.decode(
        token,
        key.material,
        algorithms=[key.algorithm],
        audience=config["JWT_DECODE_AUDIENCE"],
        issuer=config["JWT_DECODE_ISSUER"],
        leeway=LEEWAY,
        options=CHECKS,
    )
    is_ours = keys.issuing_id is not None
    return check_claims(payload, header, time.time(), config["TOKEN_MAX_LIFETIME"], is_ours=is_ours)


def find_caller(session: Session, claims: Claims) -> Caller:
    """Answer the client that ``claims`` name, if it is still there and the token still counts.

    It is looked up on every request, so that disabling a client or revoking tokens takes effect at once.
    """
    named = {"client_id": claims.client_id, "token_id": claims.token_id}
    found = session.execute(CLIENT, named).one_or_none()
    if (
        found is None
        or found.disabled_at is not None
        or found.is_revoked
        or claims.organization_id not in (None, found.organization_id)
        or _is_too_old(claims, found.tokens_valid_from)
    ):
        raise InvalidAuthorization()
    return Caller(found.organization_id, found.name, found.id, found.all_groups)


def _is_too_old(claims: Claims, valid_from: Any) -> bool:
    limit = None if valid_from is None else valid_from.replace(tzinfo=UTC).timestamp()
    return limit is not None and claims.issued_at < limit
