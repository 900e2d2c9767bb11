"""The items table."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id


class Item(Base):
    """A thing that is stocked or sold. Its row is the lock of those who write its item-units."""

    __tablename__ = "items"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        Index("uq_items_reference", "organization_id", "reference", unique=True),
    )

    organization_id: Mapped[int] = mapped_column(Id, primary_key=True)
    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    reference: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
