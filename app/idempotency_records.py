"""The records of idempotency keys: whose, for what, and what was answered. Source: CONTRACT 8."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    JSON,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Table,
    and_,
    delete,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.elements import ColumnElement

from app import bulk
from app.db import AnyRow, Base, Id, sqlstate
from app.errors import RequestInProgress

KEPT = timedelta(hours=24)
"""How long a key is remembered. An older record counts as gone, also before it is purged."""

PURGE_BATCH = 1000
LOCK_TIMEOUT = "55P03"
"""The state of PostgreSQL that says: somebody else held the lock for longer than ``lock_timeout``."""


class IdempotencyKey(Base):
    """A key that a client used, what for, and what it was answered (null until the work is done)."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        ForeignKeyConstraint(["client_id"], ["clients.id"]),
        Index("ix_idempotency_keys_created_at", "organization_id", "created_at"),
    )

    organization_id: Mapped[int] = mapped_column(Id, primary_key=True)
    client_id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


TABLE: Table = IdempotencyKey.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Claim:
    """That a client uses a key for a request."""

    organization_id: int
    client_id: int
    key: str
    fingerprint: str

    @property
    def is_its_record(self) -> ColumnElement[bool]:
        """Answer the condition that a row is the record of this key."""
        return and_(
            TABLE.c.organization_id == self.organization_id,
            TABLE.c.client_id == self.client_id,
            TABLE.c.key == self.key,
        )


def take(session: Session, claim: Claim, now: datetime) -> AnyRow | None:
    """Answer the record of the key; None makes the key ours until the transaction ends.

    Waits while somebody else holds it: on PostgreSQL at the unique key, on SQLite the transaction has
    waited already. Raises ``RequestInProgress`` where that took too long.
    """
    while not insert_record(session, claim, now):
        # Somebody has it and has committed. Another may purge it or renew it meanwhile: look again.
        columns = (TABLE.c.fingerprint, TABLE.c.status, TABLE.c.headers, TABLE.c.body)
        living = TABLE.c.created_at > now - KEPT
        found = session.execute(select(*columns).where(claim.is_its_record, living)).one_or_none()
        if found is not None:
            return found
        session.execute(delete(TABLE).where(claim.is_its_record, ~living))
    return None


def insert_record(session: Session, claim: Claim, now: datetime) -> bool:
    """Insert a record that has no answer yet; tells whether there was none."""
    dialect = sqlite if bulk.is_sqlite(session) else postgresql
    statement = dialect.insert(TABLE).values(
        organization_id=claim.organization_id,
        client_id=claim.client_id,
        key=claim.key,
        fingerprint=claim.fingerprint,
        created_at=now,
    )
    try:
        new = session.scalar(statement.on_conflict_do_nothing().returning(TABLE.c.key))
    except DBAPIError as error:
        if sqlstate(error) == LOCK_TIMEOUT:
            raise RequestInProgress() from None
        raise
    return new is not None


def remember(
    session: Session, claim: Claim, status: int, headers: dict[str, str], body: bytes
) -> None:
    """Write the answer into the record; it is there for others once the transaction commits."""
    answer = {"status": status, "headers": headers, "body": body}
    session.execute(update(TABLE).where(claim.is_its_record).values(answer))


def purge_batch(session: Session, organization_id: int, now: datetime) -> int:
    """Delete some records of the organization that count as gone; answers how many they were."""
    is_old = and_(TABLE.c.organization_id == organization_id, TABLE.c.created_at <= now - KEPT)
    names = (TABLE.c.client_id, TABLE.c.key)
    # What a request renews this moment is no longer old: pass it over, do not wait. Chosen apart, for
    # a sub-select with a limit may be run more than once.
    chosen = select(*names).where(is_old).limit(PURGE_BATCH).with_for_update(skip_locked=True)
    batch = chosen.cte("batch").prefix_with("MATERIALIZED")
    gone = delete(TABLE).where(is_old, tuple_(*names).in_(select(batch)))
    return len(session.execute(gone.returning(TABLE.c.key)).all())
