"""The single item-unit upsert of the FastAPI peer: four queries and a write by the ORM."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.peers.common import utcnow
from bench.peers.fastapi_auth import Organization
from bench.peers.models import Item, ItemUnit, Unit, session

router = APIRouter()
Positive = Annotated[float, Field(gt=0, le=10**12)]


class ItemUnitIn(BaseModel):
    """What a client sends."""

    model_config = ConfigDict(extra="forbid")
    quantity: Annotated[int, Field(gt=0)]
    sales_quantity: Annotated[int, Field(gt=0, alias="salesQuantity")] = 1
    volume: Positive | None = None
    weight: Positive | None = None
    barcode: Annotated[str, Field(max_length=255)] | None = None
    expiration_date: Annotated[date | None, Field(alias="expirationDate")] = None
    is_default: Annotated[bool, Field(alias="isDefault")] = False
    default_display: Annotated[bool, Field(alias="defaultDisplay")] = False
    unpacking: bool = False


class Named(BaseModel):
    """The item or the unit of an answer."""

    id: int
    reference: str
    name: str | None


class ItemUnitOut(ItemUnitIn):
    """An item-unit as it stands."""

    id: int
    item: Named
    unit: Named
    created_at: Annotated[datetime, Field(alias="dateCreated")]
    updated_at: Annotated[datetime, Field(alias="lastUpdated")]
    model_config = ConfigDict(populate_by_name=True)


@router.post("/api/v1.0/itemUnits/reference/{item_ref}/{unit_ref}", status_code=201)
def upsert_item_unit(
    item_ref: str,
    unit_ref: str,
    body: ItemUnitIn,
    organization_id: Organization,
    db: Annotated[Session, Depends(session)],
) -> ItemUnitOut:
    """Create or update how an item is kept in a unit."""
    item = db.scalars(
        select(Item)
        .filter_by(organization_id=organization_id, reference=item_ref)
        .with_for_update()
    ).first()
    unit = db.scalars(
        select(Unit).filter_by(organization_id=organization_id, identifier=unit_ref)
    ).first()
    if item is None or unit is None:
        raise HTTPException(404)
    here = {"organization_id": organization_id, "item_id": item.id}
    default = db.scalars(select(ItemUnit).filter_by(**here, is_default=True)).first()
    found = db.scalars(select(ItemUnit).filter_by(**here, unit_id=unit.id)).first()
    if body.is_default and default is not None and default is not found:
        raise HTTPException(400, "Item has already a default unit.")
    now = utcnow()
    if found is None:
        found = ItemUnit(**here, unit_id=unit.id, version=0, created_at=now)
        db.add(found)
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(found, name, value)
    found.version, found.updated_at = found.version + 1, now
    db.commit()
    return ItemUnitOut(
        **{name: getattr(found, name) for name in ItemUnitIn.model_fields},
        id=found.id,
        item=Named(id=item.id, reference=item.reference, name=item.name),
        unit=Named(id=unit.id, reference=unit_ref, name=unit.name),
        created_at=found.created_at,
        updated_at=found.updated_at,
    )
