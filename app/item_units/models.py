"""The item-units table."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Double, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id


class ItemUnit(Base):
    """One item in one unit: how many, how heavy (kg), how large (m³), which barcode.

    The database itself holds that a pair exists once and that an item has at most one default unit.
    """

    __tablename__ = "item_units"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "item_id"], ["items.organization_id", "items.id"]),
        ForeignKeyConstraint(["organization_id", "unit_id"], ["units.organization_id", "units.id"]),
        CheckConstraint("quantity > 0", name="ck_item_units_quantity"),
        CheckConstraint("sales_quantity = 1 OR unpacking", name="ck_item_units_sales_quantity"),
        Index("uq_item_units_pair", "organization_id", "item_id", "unit_id", unique=True),
        Index(
            "uq_item_units_default",
            "organization_id",
            "item_id",
            unique=True,
            sqlite_where=text("is_default = 1"),
            postgresql_where=text("is_default"),
        ),
        Index("ix_item_units_unit", "organization_id", "unit_id"),
        # A list is walked in order of id by clients that see only some units' groups.
        Index("ix_item_units_page", "organization_id", "id", "unit_id"),
    )

    organization_id: Mapped[int] = mapped_column(Id, primary_key=True)
    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    item_id: Mapped[int] = mapped_column(Id)
    unit_id: Mapped[int] = mapped_column(Id)
    quantity: Mapped[int]
    sales_quantity: Mapped[int]
    volume: Mapped[float | None] = mapped_column(Double)
    weight: Mapped[float | None] = mapped_column(Double)
    barcode: Mapped[str | None]
    expiration_date: Mapped[date | None]
    is_default: Mapped[bool]
    default_display: Mapped[bool]
    unpacking: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
