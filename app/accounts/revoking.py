"""Tokens taken back: of a client for good, all of a client up to now, or a single one.

All of it is read by the look-up of the client (``auth.find_caller``), so it takes effect with the very
next request. Source: CONTRACT 3; the rest is ours, docs/decisions.md.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.accounts.models import Client, RevokedToken

SECOND = timedelta(seconds=1)


def disable_client(client: Client, now: datetime) -> None:
    """Refuse all tokens of ``client``, and give it none, until it is enabled. Source: CONTRACT 3."""
    client.disabled_at = client.disabled_at or now


def enable_client(client: Client, now: datetime) -> None:
    """Let ``client`` in again, with new tokens only: no token issued before counts again."""
    client.disabled_at = None
    revoke_tokens(client, now)


def revoke_tokens(client: Client, now: datetime) -> None:
    """Refuse all tokens that ``client`` was issued until now.

    A token says in whole seconds when it was issued. So the limit is the next second, and what is
    issued before that is dated ahead to it (``auth.issue_token``): no old token slips through, no new
    one is refused.
    """
    limit = now.replace(microsecond=0) + SECOND
    before = client.tokens_valid_from
    client.tokens_valid_from = limit if before is None else max(limit, before + SECOND)


def revoke_token(
    session: Session, client: Client, token_id: str, now: datetime, max_lifetime: int
) -> None:
    """Refuse the token of ``client`` that has this ``jti``, and forget those that have expired.

    ``max_lifetime`` is in seconds: no token issued by now is good for longer.
    """
    tenant = RevokedToken.organization_id == client.organization_id
    session.execute(delete(RevokedToken).where(tenant, RevokedToken.expires_at < now))
    expires_at = now + timedelta(seconds=max_lifetime)
    session.merge(
        RevokedToken(
            organization_id=client.organization_id,
            client_id=client.id,
            token_id=token_id,
            expires_at=expires_at,
        )
    )
