"""What the claims of a token must say. Pure: the signature, issuer and audience are checked before."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from app.accounts.errors import ExpiredToken, InvalidAuthorization

CLIENT_ID = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,255}")
TOKEN_ID = re.compile(r"[!-~]{1,128}")
ACCESS_TOKEN_KINDS = frozenset({"at+jwt", "application/at+jwt"})
"""How RFC 9068 marks an access token in its header (``typ``)."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a token names, and which token it is; times are seconds since 1970, UTC.

    ``organization_id`` is ``None`` in a token of another issuer that does not name it.
    """

    client_id: str
    organization_id: int | None
    token_id: str
    issued_at: int


def check_claims(
    payload: Mapping[str, Any],
    header: Mapping[str, Any],
    now: float,
    max_lifetime: int,
    *,
    is_ours: bool,
) -> Claims:
    """Answer the claims of a token whose signature, issuer and audience are right.

    ``max_lifetime`` is in seconds; ``is_ours`` tells that this service issues the tokens. Raises
    ``InvalidAuthorization`` for anything that is missing or of the wrong form, and ``ExpiredToken``
    only if nothing else is wrong. Source: CONTRACT 2; the form is ours, docs/decisions.md.
    """
    issued_at, expires_at = payload.get("iat"), payload.get("exp")
    if (
        not is_integer(issued_at)
        or not is_integer(expires_at)
        or expires_at - issued_at > max_lifetime
        or not is_access_token(payload, header, is_ours=is_ours)
        or not is_text(payload.get("sub"), CLIENT_ID)
        or not is_text(payload.get("jti"), TOKEN_ID)
        or not is_organization(payload.get("org"), may_miss=not is_ours)
    ):
        raise InvalidAuthorization()
    if expires_at <= now:
        raise ExpiredToken()
    return Claims(payload["sub"], payload.get("org"), payload["jti"], issued_at)


def is_access_token(
    payload: Mapping[str, Any], header: Mapping[str, Any], *, is_ours: bool
) -> bool:
    """Tell whether the token says that it gives access: not a refresh token, not an identity."""
    if "type" not in payload and not is_ours:
        kind = header.get("typ")
        return isinstance(kind, str) and kind.lower() in ACCESS_TOKEN_KINDS
    return payload.get("type") == "access"


def is_integer(value: Any) -> TypeGuard[int]:
    """Tell whether ``value`` is a JSON integer."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value: Any, form: re.Pattern[str]) -> bool:
    """Tell whether ``value`` is a text of this form."""
    return isinstance(value, str) and form.fullmatch(value) is not None


def is_organization(value: Any, *, may_miss: bool) -> bool:
    """Tell whether ``value`` can be the id of an organization."""
    return (may_miss and value is None) or (is_integer(value) and value > 0)
