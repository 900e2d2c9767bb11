"""The units table: one wide row a unit, its address inline."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Double, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id


class Unit(Base):
    """Whatever an organization keeps in a group: a flat, a store room, a pack size.

    An address exists where ``address_line_1`` does. ``address_key`` is made from the address and the
    unit number by the recipe of ``address_recipe``; it is not unique (CONTRACT 4.4).
    """

    __tablename__ = "units"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "group_id"], ["groups.organization_id", "groups.id"]
        ),
        Index("uq_units_identifier", "organization_id", "group_id", "identifier", unique=True),
        # Keys of another recipe than today's are found as a range of it: at once, where there are none.
        Index(
            "ix_units_address_key", "organization_id", "group_id", "address_recipe", "address_key"
        ),
        # An item-unit names its unit without the group.
        Index("ix_units_identifier", "organization_id", "identifier"),
        # A list is walked by the time of change, through all groups or through one.
        Index("ix_units_updated_at", "organization_id", "updated_at", "id"),
        Index("ix_units_group_updated_at", "organization_id", "group_id", "updated_at", "id"),
    )

    organization_id: Mapped[int] = mapped_column(Id, primary_key=True)
    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    group_id: Mapped[int] = mapped_column(Id)
    identifier: Mapped[str | None]
    external_ref: Mapped[str | None]
    name: Mapped[str | None]
    unit_number: Mapped[str | None]
    number_of_bedrooms: Mapped[int | None]
    number_of_bathrooms: Mapped[float | None] = mapped_column(Double)
    sqft: Mapped[float | None] = mapped_column(Double)
    has_flex_wall: Mapped[bool | None]
    bathrooms: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    building_name: Mapped[str | None]
    address_line_1: Mapped[str | None]
    address_line_2: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str | None]
    latitude: Mapped[float | None] = mapped_column(Double)
    longitude: Mapped[float | None] = mapped_column(Double)
    address_key: Mapped[str | None]
    address_recipe: Mapped[int | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
