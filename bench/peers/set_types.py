"""What the set-based peer accepts, checked by msgspec straight from the bytes."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

Text = Annotated[str, Meta(max_length=255)]
Count = Annotated[int, Meta(ge=0, le=1000)]
Number = Annotated[float, Meta(ge=0, le=10**9)]


class Bathroom(msgspec.Struct, forbid_unknown_fields=True):
    """A bathroom."""

    has_shower_or_bath: bool | None = None
    has_sink: bool | None = None
    has_toilet: bool | None = None


class Address(msgspec.Struct, forbid_unknown_fields=True):
    """An address; it is replaced whole."""

    address_line_1: Text
    building_name: Text | None = None
    address_line_2: Text | None = None
    city: Text | None = None
    state: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None


class Row(msgspec.Struct, forbid_unknown_fields=True):
    """A row of a request; what it does not have stays as it is."""

    identifier: Text | UnsetType | None = UNSET
    external_ref: Text | UnsetType | None = UNSET
    name: Text | UnsetType | None = UNSET
    unit_number: Text | UnsetType | None = UNSET
    number_of_bedrooms: Count | UnsetType | None = UNSET
    number_of_bathrooms: Number | UnsetType | None = UNSET
    sqft: Number | UnsetType | None = UNSET
    has_flex_wall: bool | UnsetType | None = UNSET
    bathrooms: Annotated[list[Bathroom], Meta(max_length=100)] | UnsetType | None = UNSET
    address: Address | UnsetType | None = UNSET


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """A request."""

    group_external_ref: Text
    units: Annotated[list[Row], Meta(max_length=100_000)]


decoder = msgspec.json.Decoder(Body)


def attributes(row: Row) -> dict[str, Any]:
    """Answer the fields that a row has; an identifier of null counts as absent."""
    sent: dict[str, Any] = msgspec.to_builtins(row)
    if sent.get("identifier", "") is None:
        del sent["identifier"]
    return sent
