"""The registry's tables as a SQLAlchemy developer maps them."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, Integer, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from bench.peers.common import ADDRESS, IS_SQLITE, SQLITE_SETTINGS, URL

Id = BigInteger().with_variant(Integer, "sqlite")
engine = create_engine(URL.replace("postgresql:", "postgresql+psycopg:", 1), pool_size=20)
new_session = sessionmaker(engine)  # All defaults, as in most projects.

if IS_SQLITE:

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        """Give SQLite the settings that everybody has; SQLAlchemy begins the transactions."""
        connection.isolation_level = None
        for setting in SQLITE_SETTINGS:
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        """Begin as a writer, so that two of them wait instead of failing."""
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def session() -> Iterator[Session]:
    """Yield the session of a request."""
    with new_session() as opened:
        yield opened


class Base(DeclarativeBase):
    """The catalogue."""


class Group(Base):
    """A set of units."""

    __tablename__ = "groups"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[int]
    external_ref: Mapped[str]


class Unit(Base):
    """A unit, its address inline."""

    __tablename__ = "units"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[int]
    group_id: Mapped[int] = mapped_column(ForeignKey(Group.id))
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

    @property
    def address(self) -> dict[str, Any] | None:
        """Answer the address as an object."""
        return None if self.address_line_1 is None else {n: getattr(self, n) for n in ADDRESS}


class Item(Base):
    """A thing that is stocked or sold."""

    __tablename__ = "items"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[int]
    reference: Mapped[str]
    name: Mapped[str]


class ItemUnit(Base):
    """One item in one unit."""

    __tablename__ = "item_units"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[int]
    item_id: Mapped[int] = mapped_column(ForeignKey(Item.id))
    unit_id: Mapped[int] = mapped_column(ForeignKey(Unit.id))
    quantity: Mapped[int]
    sales_quantity: Mapped[int] = mapped_column(default=1)
    volume: Mapped[float | None] = mapped_column(Double)
    weight: Mapped[float | None] = mapped_column(Double)
    barcode: Mapped[str | None]
    expiration_date: Mapped[date | None]
    is_default: Mapped[bool] = mapped_column(default=False)
    default_display: Mapped[bool] = mapped_column(default=False)
    unpacking: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
