"""Setting up organizations, groups, items and clients from one file, as an upsert.

Source: CONTRACT 3. The file names everything by the organization's own keys; what it does not name
stays as it is.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from marshmallow import ValidationError, fields, post_load, validates_schema
from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

from app import bulk
from app.accounts.models import Client, Grant, Group, Organization
from app.accounts.service import hash_secret
from app.fields import Field, Reference, StrictSchema, Text
from app.items.models import Item

ACTIONS = ("created", "updated", "unchanged")


class Required(Text):
    """A text that must be there and not be empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=True, **kwargs)

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(*args, **kwargs)
        if text is None:
            raise self.make_error("required")
        return text


class RequiredReference(Required, Reference):
    """A reference that must be there and not be empty."""


class GroupNames(Field):
    """``"*"`` for all groups of the organization, or a list of their external references."""

    default_error_messages = {"invalid": 'must be "*" or a list of external references'}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str | list[str]:
        listed = isinstance(value, list) and all(isinstance(name, str) for name in value)
        if value != "*" and not listed:
            raise self.make_error("invalid")
        return value if value == "*" else [Reference().deserialize(name) for name in value]


class GroupSchema(StrictSchema):
    """A group of an organization."""

    external_ref = RequiredReference()
    name = Text(load_default=None)


class ItemSchema(StrictSchema):
    """An item of an organization."""

    reference = RequiredReference()
    name = Required()


class ClientSchema(StrictSchema):
    """A client of an organization; without a secret it gets tokens from the operator only."""

    client_id = RequiredReference()
    client_secret = Text(load_default=None)
    groups = GroupNames(load_default=list)


class OrganizationSchema(StrictSchema):
    """An organization and all that the file says of it."""

    name = Required()
    groups = fields.List(fields.Nested(GroupSchema), load_default=list)
    items = fields.List(fields.Nested(ItemSchema), load_default=list)
    clients = fields.List(fields.Nested(ClientSchema), load_default=list)

    @validates_schema
    def check_keys(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse a key that stands twice: which of the two is meant?"""
        for kind, key in (
            ("groups", "external_ref"),
            ("items", "reference"),
            ("clients", "client_id"),
        ):
            named = Counter(record[key] for record in data.get(kind, []))
            if twice := [name for name, count in named.items() if count > 1]:
                raise ValidationError(f"{twice[0]} stands twice", kind)


class FileSchema(StrictSchema):
    """The whole file."""

    organizations = fields.List(fields.Nested(OrganizationSchema), required=True)

    @post_load
    def unwrap(self, data: Mapping[str, Any], **_: Any) -> Any:
        """Answer the organizations alone."""
        return data["organizations"]


def load(text: bytes) -> list[dict[str, Any]]:
    """Answer the organizations in ``text``; raises ``ValidationError`` or ``JSONDecodeError``."""
    organizations: list[dict[str, Any]] = FileSchema().load(orjson.loads(text))
    return organizations


def apply(session: Session, wanted: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """Make the database say what ``wanted`` says; answer ids and counts per organization."""
    return {"organizations": [apply_one(session, one, now) for one in wanted]}


def apply_one(session: Session, wanted: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Set up one organization with its groups, items and clients."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    organization = find_or_add_organization(session, wanted["name"], now, counts)
    groups = upsert(session, Group, "external_ref", organization.id, wanted["groups"], now, counts)
    upsert(session, Item, "reference", organization.id, wanted["items"], now, counts)
    for client in wanted["clients"]:
        action = apply_client(session, organization.id, client, groups, now)
        counts["clients"][action] += 1
    named = {group["external_ref"]: groups[group["external_ref"]] for group in wanted["groups"]}
    kinds = ("organizations", "groups", "items", "clients")
    return {
        "name": organization.name,
        "id": organization.id,
        "groups": named,
        **{action: {kind: counts[kind][action] for kind in kinds} for action in ACTIONS},
    }


def find_or_add_organization(
    session: Session, name: str, now: datetime, counts: Mapping[str, Counter[str]]
) -> Organization:
    """Answer the organization with this name, made if need be."""
    found = session.scalars(select(Organization).where(Organization.name == name)).one_or_none()
    counts["organizations"]["unchanged" if found else "created"] += 1
    if found is None:
        found = Organization(name=name, created_at=now)
        session.add(found)
        session.flush()  # Everything below needs its id.
    return found


def upsert(
    session: Session,
    model: type[Group] | type[Item],
    key: str,
    organization_id: int,
    wanted: Sequence[Mapping[str, Any]],
    now: datetime,
    counts: Mapping[str, Counter[str]],
) -> dict[str, int]:
    """Upsert named records by ``key``; answer the id of every record of the organization by key."""
    table: Table = model.__table__  # type: ignore[assignment]
    rows = session.execute(
        select(table.c.id, table.c[key], table.c.name).where(
            table.c.organization_id == organization_id
        )
    )
    stored = {row._mapping[key]: row for row in rows}
    new = [record for record in wanted if record[key] not in stored]
    changed = [r for r in wanted if r[key] in stored and r["name"] != stored[r[key]].name]
    ids = dict(zip((r[key] for r in new), bulk.reserve_ids(session, table, len(new)), strict=True))
    times = {"organization_id": organization_id, "created_at": now, "updated_at": now}
    bulk.insert_rows(session, table, [{**r, **times, "id": ids[r[key]]} for r in new])
    bulk.update_rows(
        session,
        table,
        organization_id,
        [{"id": stored[r[key]].id, "name": r["name"], "updated_at": now} for r in changed],
    )
    unchanged = len(wanted) - len(new) - len(changed)
    counts[table.name].update(created=len(new), updated=len(changed), unchanged=unchanged)
    return {name: row.id for name, row in stored.items()} | ids


def apply_client(
    session: Session,
    organization_id: int,
    wanted: Mapping[str, Any],
    groups: Mapping[str, int],
    now: datetime,
) -> str:
    """Upsert a client and its grants; answers the action. Disabling is another command's matter."""
    client_id, names = wanted["client_id"], wanted["groups"]
    if names != "*" and (unknown := [name for name in names if name not in groups]):
        raise ValidationError(f"client {client_id}: there is no group {unknown[0]}")
    client = session.scalars(select(Client).where(Client.client_id == client_id)).one_or_none()
    if client is None:
        client = Client(client_id=client_id, organization_id=organization_id, created_at=now)
        session.add(client)
    elif client.organization_id != organization_id:
        raise ValidationError(f"client {client_id} belongs to another organization")
    client.all_groups = names == "*"
    secret = wanted["client_secret"]
    if secret and not (client.secret_hash and check_password_hash(client.secret_hash, secret)):
        client.secret_hash = hash_secret(secret)
    is_new, is_dirty = client in session.new, session.is_modified(client)
    session.flush()  # The grants need its id.
    granted = set() if names == "*" else {groups[name] for name in names}
    regranted = set_grants(session, organization_id, client.id, granted)
    return "created" if is_new else "updated" if is_dirty or regranted else "unchanged"


def set_grants(session: Session, organization_id: int, client_id: int, wanted: set[int]) -> bool:
    """Make ``wanted`` the groups that the client may use; tells whether that changed anything."""
    own = (Grant.organization_id == organization_id, Grant.client_id == client_id)
    stored = set(session.scalars(select(Grant.group_id).where(*own)))
    if stored == wanted:
        return False
    session.execute(delete(Grant).where(*own, Grant.group_id.in_(stored - wanted)))
    session.add_all(
        Grant(organization_id=organization_id, client_id=client_id, group_id=group_id)
        for group_id in wanted - stored
    )
    session.flush()  # So that a grant to a missing group is refused here.
    return True
