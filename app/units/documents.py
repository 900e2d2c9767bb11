"""Schemas that only describe the units routes, for ``/openapi.json``; nothing is loaded by them.

The answers are made by ``answers.py`` and ``queries.py``, and the tests hold each of them against its
schema here. Source: CONTRACT 4.1, 4.5, 5.
"""

from typing import Any

from marshmallow import fields

from app.fields import Choice, Field, Reference, StrictSchema
from app.openapi_errors import ErrorDetail
from app.query import QueryId, about
from app.units.near_misses import SHOWN, WEIGHTS
from app.units.requests import UpsertQuery
from app.units.schemas import AddressSchema, BathroomSchema, UnitSchema

EXAMPLE = {
    "group_external_ref": "north-tower",
    "units": [
        {
            "identifier": "A-1",
            "number_of_bedrooms": 2,
            "address": {
                "address_line_1": "12 Main Street",
                "address_line_2": "Apt 4",
                "city": "Springfield",
                "state": "IL",
                "postal_code": "62701",
                "country": "US",
            },
        },
        {"identifier": "A-2", "bathrooms": [{"has_sink": True, "has_toilet": True}]},
    ],
}


class GroupId(Field):
    """A group id: an integer, or the same integer as a string."""

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of both."""
        return {"type": ["integer", "string", "null"], "pattern": "^[0-9]*$"}


class AnyUpsertQuery(UpsertQuery):
    """The query of an upsert; the group stands here only where the body is a stream of lines."""

    group_id = QueryId(metadata=about("Only with application/x-ndjson: the group."))
    group_external_ref = Reference(metadata=about("Only with application/x-ndjson: the group."))


class UnitRow(UnitSchema):
    """A unit to create or update."""


class UnitsBody(StrictSchema):
    """The units to create or update, and their group by exactly one of its two keys."""

    group_id = GroupId()
    group_external_ref = Reference()
    units = fields.List(fields.Nested(UnitRow), required=True, metadata={"maxItems": 10_000})


class AllShown(StrictSchema):
    """A schema of an answer that always has every field, be it null."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Say so of each field."""
        field_obj.required = True


class StoredAddress(AllShown, AddressSchema):
    """An address as it now stands."""


class StoredBathroom(AllShown, BathroomSchema):
    """A bathroom as it now stands."""


class UnitShown(AllShown, UnitSchema):
    """A unit as it now stands."""

    bathrooms = fields.List(fields.Nested(StoredBathroom), allow_none=True)
    address = fields.Nested(StoredAddress, allow_none=True)
    id = fields.Integer(required=True)
    group_id = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class UnitsPage(StrictSchema):
    """A page of units, oldest change first; ``next_cursor`` leads to the next one."""

    units = fields.List(fields.Nested(UnitShown), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class RowError(StrictSchema):
    """Why a row failed: ``type`` for machines, ``message`` for people, the rest by type."""

    type = Choice(
        "invalid_unit",
        "invalid_json",
        "insufficient_data",
        "ambiguous_address",
        "identity_conflict",
        required=True,
    )
    message = fields.String(required=True)
    fields_ = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        data_key="fields",
        metadata={"description": "invalid_unit: all faults of the row, each under its path"},
    )
    candidates = fields.List(
        fields.Integer(allow_none=True),
        metadata={"description": "ambiguous_address: ids of the units with this address"},
    )
    conflicts_with = fields.Integer(
        metadata={"description": "identity_conflict: index of the row that claimed the unit"}
    )


class Tried(StrictSchema):
    """A key by which a unit was sought, and what was found."""

    key = fields.String(required=True, metadata={"enum": ["identifier", "address"]})
    result = fields.String(
        required=True,
        metadata={"enum": ["matched", "not_found", "ambiguous", "conflict"]},
    )
    address_key = fields.String(
        metadata={"description": "address: the canonical form that was sought, for people"}
    )


class Match(StrictSchema):
    """How the unit of a row was sought: the keys that were tried, in order."""

    tried = fields.List(fields.Nested(Tried), required=True)


class NearMiss(StrictSchema):
    """A stored unit whose address looks like that of the row; it was not matched."""

    id = fields.Integer(required=True)
    identifier = fields.String(required=True, allow_none=True)
    score = fields.Float(required=True, metadata={"minimum": 0, "maximum": 100})
    address = fields.String(
        required=True, metadata={"description": "its canonical form, for people"}
    )
    differs = fields.List(
        fields.String(metadata={"enum": [*WEIGHTS]}), required=True, metadata={"minItems": 1}
    )


class UnitResult(UnitSchema):
    """What became of a row: the unit as it stood right after, or why it failed and what was sent."""

    index = fields.Integer(required=True)
    success = fields.Boolean(required=True)
    failure_reason = fields.String(required=True)
    action = Choice("created", "updated", "unchanged", "skipped")
    matched_by = Choice("identifier", "address", allow_none=True)
    error = fields.Nested(RowError)
    match = fields.Nested(Match, metadata={"description": "only with explain=true, of valid rows"})
    near_misses = fields.List(
        fields.Nested(NearMiss),
        allow_none=True,
        metadata={
            "maxItems": SHOWN,
            "description": "only with explain=true, of rows that create; null: not looked for",
        },
    )
    id = fields.Integer(allow_none=True)
    group_id = fields.Integer()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class UnitsSummary(StrictSchema):
    """How many rows had each outcome."""

    created = fields.Integer(required=True)
    updated = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    skipped = fields.Integer(metadata={"description": "only where an atomic request is rejected"})


class UnitsAnswer(StrictSchema):
    """A result per row, in the order of the request."""

    units = fields.List(fields.Nested(UnitResult), required=True)
    summary = fields.Nested(UnitsSummary, required=True)
    dry_run = fields.Boolean(metadata={"description": "true where nothing was written"})


class UnitsRejection(UnitsAnswer):
    """An atomic request that was refused: why, and a result per row."""

    error = fields.Nested(ErrorDetail, required=True)


class CanonicalAddress(StrictSchema):
    """The canonical form of an address; null is missing. What stands beside the street is in line 2."""

    building_name = fields.String(required=True, allow_none=True)
    address_line_1 = fields.String(required=True, allow_none=True)
    address_line_2 = fields.String(required=True, allow_none=True)
    city = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, allow_none=True)
    postal_code = fields.String(required=True, allow_none=True)
    country = fields.String(required=True, allow_none=True)


class AddressKeyAnswer(StrictSchema):
    """The key of an address: two addresses are one door if their keys are equal."""

    address_key = fields.String(required=True, metadata={"pattern": "^[0-9a-f]{64}$"})
    canonical = fields.Nested(CanonicalAddress, required=True)
    text = fields.String(required=True, metadata={"description": "the canonical form in one line"})
    recipe = fields.Integer(required=True)
