"""Schemas that only describe the items routes, for ``/openapi.json``; nothing is loaded by them.

The answers are made by ``answers.py``, and the tests hold each of them against its schema here.
Source: CONTRACT 7.
"""

from marshmallow import fields

from app.fields import Choice, Reference, StrictSchema, Text


class ItemBody(StrictSchema):
    """The name of an item."""

    name = Text(required=True)


class ItemRow(ItemBody):
    """An item by its reference."""

    reference = Reference(required=True)


class ItemsBody(StrictSchema):
    """The items to create or rename."""

    items = fields.List(fields.Nested(ItemRow), required=True, metadata={"maxItems": 10_000})


class ItemShown(StrictSchema):
    """An item as it now stands."""

    id = fields.Integer(required=True)
    reference = fields.String(required=True)
    name = fields.String(required=True)
    href = fields.String(required=True)
    organization = fields.String(required=True)
    dateCreated = fields.DateTime(required=True)  # noqa: N815 - S2's spelling
    lastUpdated = fields.DateTime(required=True)  # noqa: N815


class Paging(StrictSchema):
    """Where a page stands in its list; the links are relative to the host."""

    total = fields.Integer(required=True)
    max = fields.Integer(required=True)
    offset = fields.Integer(required=True)
    previous = fields.String(required=True, allow_none=True)
    next = fields.String(required=True, allow_none=True)


class ItemsPage(StrictSchema):
    """A page of items, in order of id."""

    paging = fields.Nested(Paging, required=True)
    items = fields.List(fields.Nested(ItemShown), required=True)


class RowFailure(StrictSchema):
    """Why a row failed."""

    type = fields.String(required=True)
    message = fields.String(required=True)


class ItemResult(StrictSchema):
    """What became of a row: the item as it stood right after, or why it failed."""

    index = fields.Integer(required=True)
    success = fields.Boolean(required=True)
    failure_reason = fields.String(required=True)
    action = Choice("created", "updated", "unchanged")
    error = fields.Nested(RowFailure)
    id = fields.Integer()
    reference = fields.String(required=True, allow_none=True)
    name = fields.String()
    href = fields.String()
    organization = fields.String()
    dateCreated = fields.DateTime()  # noqa: N815
    lastUpdated = fields.DateTime()  # noqa: N815


class RowsSummary(StrictSchema):
    """How many rows had each outcome."""

    created = fields.Integer(required=True)
    updated = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    failed = fields.Integer(required=True)


class ItemsAnswer(StrictSchema):
    """A result per row, in the order of the request."""

    items = fields.List(fields.Nested(ItemResult), required=True)
    summary = fields.Nested(RowsSummary, required=True)
