"""The account tables.

``organizations``, ``clients`` and ``revoked_tokens`` answer the question *which organization is this?*
and so stand above the tenants; every other table of the registry belongs to one organization and says so
in ``organization_id`` (DESIGN 3, docs/decisions.md).
"""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id
from app.tenancy import ABOVE_TENANTS


class Organization(Base):
    """An account, the tenant."""

    __tablename__ = "organizations"
    __table_args__ = {"info": ABOVE_TENANTS}

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]


class Client(Base):
    """A machine that calls the API for one organization.

    ``disabled_at`` refuses all its tokens, ``tokens_valid_from`` (a whole second) those issued before.
    """

    __tablename__ = "clients"
    __table_args__ = (
        # What belongs to an organization refers to a client by the pair: never to another one's.
        Index("uq_clients_organization_id_id", "organization_id", "id", unique=True),
        {"info": ABOVE_TENANTS},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    organization_id: Mapped[int] = mapped_column(Id, ForeignKey("organizations.id"))
    client_id: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[str | None]
    all_groups: Mapped[bool]
    disabled_at: Mapped[datetime | None]
    tokens_valid_from: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Group(Base):
    """A set of units: a building, a portfolio, a catalogue. Its row is the lock of its writers."""

    __tablename__ = "groups"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        Index("uq_groups_external_ref", "organization_id", "external_ref", unique=True),
    )

    organization_id: Mapped[int] = mapped_column(Id, primary_key=True)
    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    external_ref: Mapped[str]
    name: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Grant(Base):
    """That a client may use a group."""

    __tablename__ = "grants"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "group_id"], ["groups.organization_id", "groups.id"]
        ),
        ForeignKeyConstraint(
            ["organization_id", "client_id"], ["clients.organization_id", "clients.id"]
        ),
    )

    organization_id: Mapped[int] = mapped_column(Id, primary_key=True)
    client_id: Mapped[int] = mapped_column(Id, primary_key=True)
    group_id: Mapped[int] = mapped_column(Id, primary_key=True)


class RevokedToken(Base):
    """A token that was taken back before its time; after ``expires_at`` nobody needs to know."""

    __tablename__ = "revoked_tokens"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        ForeignKeyConstraint(
            ["organization_id", "client_id"], ["clients.organization_id", "clients.id"]
        ),
        {"info": ABOVE_TENANTS},
    )

    organization_id: Mapped[int] = mapped_column(Id, primary_key=True)
    client_id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_id: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
