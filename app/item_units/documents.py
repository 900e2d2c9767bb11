"""Schemas that only describe the item-unit routes, for ``/openapi.json``; nothing is loaded by them.

The answers are made by ``answers.py``, and the tests hold each of them against its schema here.
Source: S2, CONTRACT 6 and 7.
"""

from typing import Any

from marshmallow import fields

from app.fields import Choice, Field, Reference, StrictBoolean, StrictInteger, StrictSchema
from app.item_units.schemas import MAX_INTEGER, ItemUnitSchema
from app.items.documents import Paging, RowFailure, RowsSummary

EXAMPLE = {"quantity": 4, "isDefault": True, "weight": 16, "barcode": "(10)45566(17)161231"}


class IdOrReference(Field):
    """An id, or a reference where ``useExternalId`` is true."""

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of both."""
        return {"type": ["integer", "string"], "minimum": 1, "minLength": 1}


class ItemUnitBody(ItemUnitSchema):
    """How the item is kept in the unit; the references may be repeated if they equal the path."""

    quantity = StrictInteger(1, MAX_INTEGER, required=True)
    itemId = Reference()  # noqa: N815 - S2's spelling
    unitId = Reference()  # noqa: N815


class ItemUnitUpdate(ItemUnitSchema):
    """How the item is kept in the unit, and the item or unit that it is moved to."""

    quantity = StrictInteger(1, MAX_INTEGER, required=True)
    itemId = IdOrReference(allow_none=True)  # noqa: N815
    unitId = IdOrReference(allow_none=True)  # noqa: N815
    useExternalId = StrictBoolean(allow_none=True)  # noqa: N815


class ItemUnitCreation(ItemUnitUpdate):
    """An item-unit of an item and a unit, by ids or by references."""

    itemId = IdOrReference(required=True)  # noqa: N815
    unitId = IdOrReference(required=True)  # noqa: N815


class ItemUnitRow(ItemUnitBody):
    """A row: references and how the item is kept in the unit."""

    itemId = Reference(required=True)  # noqa: N815
    unitId = Reference(required=True)  # noqa: N815


class ItemUnitsBody(StrictSchema):
    """The item-units to create or update."""

    itemUnits = fields.List(  # noqa: N815
        fields.Nested(ItemUnitRow), required=True, metadata={"maxItems": 10_000}
    )


class Linked(StrictSchema):
    """An item or unit as an item-unit names it."""

    id = fields.Integer(required=True)
    reference = fields.String(required=True)
    name = fields.String(required=True)
    href = fields.String(required=True)


class ItemUnitShown(StrictSchema):
    """An item-unit as it now stands."""

    id = fields.Integer(required=True)
    itemReference = fields.String(required=True)  # noqa: N815 - S2's spelling
    unitReference = fields.String(required=True)  # noqa: N815
    item = fields.Nested(Linked, required=True)
    unit = fields.Nested(Linked, required=True)
    quantity = fields.Integer(required=True)
    unpacking = fields.Boolean(required=True)
    salesQuantity = fields.Integer(required=True)  # noqa: N815
    volume = fields.Float(required=True, allow_none=True, metadata={"description": "m³"})
    weight = fields.Float(required=True, allow_none=True, metadata={"description": "kg"})
    barcode = fields.String(required=True, allow_none=True)
    expirationDate = fields.Date(required=True, allow_none=True)  # noqa: N815
    isDefault = fields.Boolean(required=True)  # noqa: N815
    defaultDisplay = fields.Boolean(required=True)  # noqa: N815
    organization = fields.String(required=True)
    dateCreated = fields.DateTime(required=True)  # noqa: N815
    lastUpdated = fields.DateTime(required=True)  # noqa: N815


class ItemUnitsPage(StrictSchema):
    """A page of item-units, in order of id."""

    paging = fields.Nested(Paging, required=True)
    itemUnits = fields.List(fields.Nested(ItemUnitShown), required=True)  # noqa: N815


class ItemUnitResult(ItemUnitShown):
    """What became of a row: the item-unit as it stood right after, or why it failed."""

    index = fields.Integer(required=True)
    success = fields.Boolean(required=True)
    failure_reason = fields.String(required=True)
    action = Choice("created", "updated", "unchanged")
    error = fields.Nested(RowFailure)
    itemId = fields.String(allow_none=True)  # noqa: N815
    unitId = fields.String(allow_none=True)  # noqa: N815


class ItemUnitsAnswer(StrictSchema):
    """A result per row, in the order of the request."""

    itemUnits = fields.List(  # noqa: N815
        fields.Nested(ItemUnitResult(partial=tuple(ItemUnitShown._declared_fields))),
        required=True,
    )
    summary = fields.Nested(RowsSummary, required=True)
