"""A peer: FastAPI, pydantic and SQLAlchemy's ORM, a query and a write per row, one commit."""

from collections import Counter
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.peers import fastapi_item_units
from bench.peers.common import RECIPE, address_key, utcnow
from bench.peers.fastapi_auth import Organization
from bench.peers.models import Group, Unit, session

Text = Annotated[str, Field(max_length=255)]
Number = Annotated[float, Field(ge=0, le=10**9)]


class Model(BaseModel):
    """No unknown field; can be made from an object of the ORM."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Bathroom(Model):
    """A bathroom."""

    has_shower_or_bath: bool | None = None
    has_sink: bool | None = None
    has_toilet: bool | None = None


class Address(Model):
    """An address; it is replaced whole."""

    building_name: Text | None = None
    address_line_1: Text
    address_line_2: Text | None = None
    city: Text | None = None
    state: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None


class UnitIn(Model):
    """A row of a request; what it does not have stays as it is."""

    identifier: Text | None = None
    external_ref: Text | None = None
    name: Text | None = None
    unit_number: Text | None = None
    number_of_bedrooms: Annotated[int, Field(ge=0, le=1000)] | None = None
    number_of_bathrooms: Number | None = None
    sqft: Number | None = None
    has_flex_wall: bool | None = None
    bathrooms: Annotated[list[Bathroom], Field(max_length=100)] | None = None
    address: Address | None = None


class UnitOut(UnitIn):
    """A unit as it stands."""

    id: int
    group_id: int
    created_at: datetime
    updated_at: datetime


class Result(BaseModel):
    """What became of a row."""

    index: int
    action: str
    matched_by: str | None
    unit: UnitOut


class UnitsIn(Model):
    """A request."""

    group_external_ref: Text
    units: Annotated[list[UnitIn], Field(max_length=100_000)]


class UnitsOut(BaseModel):
    """An answer."""

    units: list[Result]
    summary: dict[str, int]


app = FastAPI()
app.include_router(fastapi_item_units.router)


@app.get("/healthz")
def show_health() -> dict[str, str]:
    """Answer that the process lives."""
    return {"status": "ok"}


@app.post("/api/v1.0/units/multiple")
def upsert_units(
    body: UnitsIn,
    organization_id: Organization,
    db: Annotated[Session, Depends(session)],
) -> UnitsOut:
    """Create or update many units of one group."""
    group = db.scalars(
        select(Group)
        .filter_by(organization_id=organization_id, external_ref=body.group_external_ref)
        .with_for_update()
    ).one_or_none()
    if group is None:
        raise HTTPException(404)
    done = [upsert(db, group, row) for row in body.units]
    db.commit()
    results = [
        Result(index=index, action=action, matched_by=by, unit=UnitOut.model_validate(unit))
        for index, (unit, action, by) in enumerate(done)
    ]
    return UnitsOut(units=results, summary=Counter(action for _, action, _ in done))


def upsert(db: Session, group: Group, row: UnitIn) -> tuple[Unit, str, str | None]:
    """Create or update one unit; answers it, what happened and how it was found."""
    sent = row.model_dump(exclude_unset=True, exclude={"address", "bathrooms"})
    if row.identifier is None:
        sent.pop("identifier", None)
    if "bathrooms" in row.model_fields_set:
        sent["bathrooms"] = row.model_dump(include={"bathrooms"})["bathrooms"]
    place = row.address.model_dump() if row.address else {}
    key = address_key(place, row.unit_number, "") if place else None
    unit, found_by = find(db, group, row.identifier, key)
    now = utcnow()
    is_new = unit is None
    if unit is None:
        unit = Unit(organization_id=group.organization_id, group_id=group.id, version=1)
        unit.created_at = unit.updated_at = now
        db.add(unit)
    for name, value in (sent | place).items():
        setattr(unit, name, value)
    if place:
        unit.address_key, unit.address_recipe = key, RECIPE
    if is_new:
        return unit, "created", None
    if not db.is_modified(unit):
        return unit, "unchanged", found_by
    unit.version, unit.updated_at = unit.version + 1, now
    return unit, "updated", found_by


def find(
    db: Session, group: Group, identifier: str | None, key: str | None
) -> tuple[Unit | None, str | None]:
    """Answer the unit with this identifier, else the one at this address."""
    here: dict[str, Any] = {"organization_id": group.organization_id, "group_id": group.id}
    if identifier is not None:
        named = db.scalars(select(Unit).filter_by(**here, identifier=identifier)).first()
        if named is not None:
            return named, "identifier"
    if key is not None:
        housed = db.scalars(select(Unit).filter_by(**here, address_key=key)).first()
        if housed is not None:
            return housed, "address"
    return None, None
