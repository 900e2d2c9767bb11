"""Groups and who may use them; clients and their secrets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, and_, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement
from werkzeug.security import check_password_hash, generate_password_hash

from app.accounts.auth import Caller
from app.accounts.errors import (
    GroupNotFound,
    GroupReferenceNotFound,
    InvalidClient,
    NoAccessToGroup,
)
from app.accounts.models import Client, Grant, Group
from app.db import MAX_ID, AnyRow, AnySelect
from app.metrics import LOCK_WAIT
from app.query import cut_page, walk

GROUPS: Table = Group.__table__  # type: ignore[assignment]
GRANTS: Table = Grant.__table__  # type: ignore[assignment]

HASH_METHOD = "scrypt:32768:8:1"
NO_SECRET = f"{HASH_METHOD}$no$client"
"""The hash of nobody's secret: it takes as long to compare with, and nothing equals it."""


@dataclass(frozen=True, slots=True)
class GroupKey:
    """How a request names a group: by exactly one of the two."""

    id: int | None = None
    external_ref: str | None = None


def lock_group(session: Session, caller: Caller, key: GroupKey) -> int:
    """Answer the id of the group and hold its lock until the transaction ends.

    The lock lets one writer at a time into a group and leaves other groups alone; readers and foreign
    keys pass. On SQLite the transaction itself is the lock. Raises as ``find_group`` does.
    Source: DESIGN 4.
    """
    with LOCK_WAIT.time():
        return find_group(session, caller, key, lock=True)


def find_group(session: Session, caller: Caller, key: GroupKey, *, lock: bool = False) -> int:
    """Answer the id of the group that ``key`` names.

    Raises ``GroupNotFound`` (404) and ``NoAccessToGroup`` (401). Source: S1.
    """
    missing = GroupNotFound if key.external_ref is None else GroupReferenceNotFound
    if key.id is not None and key.id > MAX_ID:
        raise missing()
    query = _group_and_grant(caller, key)
    if lock:
        query = query.with_for_update(of=GROUPS, key_share=True)
    found = session.execute(query).one_or_none()
    if found is None:
        raise missing()
    if not caller.all_groups and found.granted is None:
        raise NoAccessToGroup()
    return int(found.id)


def get_group(session: Session, caller: Caller, group_id: int) -> dict[str, Any]:
    """Answer the group with this id; raises as ``find_group`` does. Source: CONTRACT 5."""
    found = find_group(session, caller, GroupKey(id=group_id))
    return dump_group(session.execute(_visible_groups(caller).where(GROUPS.c.id == found)).one())


def list_groups(session: Session, caller: Caller, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a page of the groups that the client may use, oldest first. Source: CONTRACT 5.

    ``wanted`` has ``limit`` and may have ``external_ref`` and ``cursor``.
    """
    query = walk(_visible_groups(caller), "created_at", wanted)
    if wanted.get("external_ref") is not None:
        query = query.where(GROUPS.c.external_ref == wanted["external_ref"])
    page, more = cut_page(session.execute(query).all(), "created_at", wanted["limit"])
    return {"groups": [dump_group(row) for row in page], "next_cursor": more}


def dump_group(row: AnyRow) -> dict[str, Any]:
    """Answer a group as it is shown."""
    names = ("id", "external_ref", "name", "created_at", "updated_at")
    return {name: row._mapping[name] for name in names}


def _visible_groups(caller: Caller) -> AnySelect:
    return select(
        GROUPS.c.id, GROUPS.c.external_ref, GROUPS.c.name, GROUPS.c.created_at, GROUPS.c.updated_at
    ).where(GROUPS.c.organization_id == caller.organization_id, may_use(caller, GROUPS.c.id))


def _group_and_grant(caller: Caller, key: GroupKey) -> AnySelect:
    named = (
        GROUPS.c.id == key.id
        if key.external_ref is None
        else GROUPS.c.external_ref == key.external_ref
    )
    return (
        select(GROUPS.c.id, GRANTS.c.group_id.label("granted"))
        .outerjoin(
            GRANTS,
            and_(
                GRANTS.c.organization_id == GROUPS.c.organization_id,
                GRANTS.c.group_id == GROUPS.c.id,
                GRANTS.c.client_id == caller.client_id,
            ),
        )
        .where(GROUPS.c.organization_id == caller.organization_id, named)
    )


def may_use(caller: Caller, group_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Answer the condition that ``caller`` may use the group in the column ``group_id``."""
    if caller.all_groups:
        return true()
    return group_id.in_(granted_groups(caller.organization_id, caller.client_id))


def granted_groups(organization_id: Any, client_id: Any) -> AnySelect:
    """Answer the query for the groups granted to a client; takes ids, or parameters for them."""
    return select(GRANTS.c.group_id).where(
        GRANTS.c.organization_id == organization_id, GRANTS.c.client_id == client_id
    )


def authenticate_client(session: Session, client_id: str, secrets: Iterable[str]) -> Client:
    """Answer the client with this id and one of ``secrets``; raises ``InvalidClient`` (401).

    Every secret is hashed, whoever asks: an unknown client, one that is disabled or has no secret, and a
    wrong secret cost what the right one costs, so that time does not tell them apart.
    Source: CONTRACT 3.
    """
    client = session.scalars(select(Client).where(Client.client_id == client_id)).one_or_none()
    stored = client.secret_hash if client is not None and client.secret_hash else NO_SECRET
    checked = [check_password_hash(stored, secret) for secret in secrets]
    if client is None or not any(checked) or client.disabled_at is not None:
        raise InvalidClient()
    return client


def hash_secret(secret: str) -> str:
    """Answer a salted hash to store instead of ``secret``."""
    return generate_password_hash(secret, HASH_METHOD)
