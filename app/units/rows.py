"""The rows of a request, made ready to be matched. Pure: no database, no Flask."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.units.addresses import address_key

Attributes = Mapping[str, Any]

BLANK: Attributes = {
    "identifier": None,
    "external_ref": None,
    "name": None,
    "unit_number": None,
    "number_of_bedrooms": None,
    "number_of_bathrooms": None,
    "sqft": None,
    "has_flex_wall": None,
    "bathrooms": None,
    "address": None,
}
"""Every attribute of a unit of which nothing is known, in the order of the answer."""

BLANK_ADDRESS: Attributes = {
    "building_name": None,
    "address_line_1": None,
    "address_line_2": None,
    "city": None,
    "state": None,
    "postal_code": None,
    "country": None,
    "latitude": None,
    "longitude": None,
}
BLANK_BATHROOM: Attributes = {"has_shower_or_bath": None, "has_sink": None, "has_toilet": None}


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A valid row: the attributes it has (absent ones are absent), and the key that it seeks."""

    attributes: Attributes
    address_key: str | None
    sent: Attributes
    """The same as it was sent, to be repeated if the row fails."""


def row_from(sent: Attributes, default_country: str) -> UnitRow:
    """Answer the row for the valid attributes ``sent``; ``identifier: null`` counts as absent (S1).

    An address or bathroom is replaced whole, so what it does not have is null. The key that is sought
    is made of the row alone.
    """
    attributes = dict(sent)
    if attributes.get("identifier") is None:
        attributes.pop("identifier", None)
    if attributes.get("address") is not None:
        attributes["address"] = {**BLANK_ADDRESS, **attributes["address"]}
    if attributes.get("bathrooms") is not None:
        attributes["bathrooms"] = [{**BLANK_BATHROOM, **room} for room in attributes["bathrooms"]]
    return UnitRow(attributes, key_of(attributes, default_country), sent)


def key_of(attributes: Attributes, default_country: str) -> str | None:
    """Answer the address key of a unit with these attributes, None where it has no address."""
    address = attributes.get("address")
    if address is None:
        return None
    return address_key(address, attributes.get("unit_number"), default_country)
