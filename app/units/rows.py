"""The rows of a request, made ready to be matched. Pure: no database, no Flask."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

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
ADDRESS_FIELDS = tuple(BLANK_ADDRESS)
BLANK_BATHROOM: Attributes = {"has_shower_or_bath": None, "has_sink": None, "has_toilet": None}


class UnitRow(Struct, gc=False):
    """A valid row: the attributes it has (absent ones are absent)."""

    attributes: Attributes
    sent: Attributes
    """The same as it was sent, to be repeated if the row fails."""
    default_country: str
    made_key: str | None = None

    @property
    def address_key(self) -> str | None:
        """Answer the key that the row seeks, None where it has no address.

        It is made of the row alone, and not before somebody asks: a unit that is found by its identifier
        and keeps its address needs none, and nothing else in a row takes as long.
        """
        if self.made_key is None:
            self.made_key = key_of(self.attributes, self.default_country)
        return self.made_key


def row_from(sent: Attributes, default_country: str) -> UnitRow:
    """Answer the row for the valid attributes ``sent``; ``identifier: null`` counts as absent (S1).

    An address or bathroom is replaced whole, so what it does not have is null.
    """
    filled: dict[str, Any] = {}
    if (address := sent.get("address")) and tuple(address) != ADDRESS_FIELDS:
        filled["address"] = {**BLANK_ADDRESS, **address}
    if (rooms := sent.get("bathrooms")) and sum(map(len, rooms)) < len(rooms) * len(BLANK_BATHROOM):
        filled["bathrooms"] = [{**BLANK_BATHROOM, **room} for room in rooms]
    is_null = sent.get("identifier", "") is None
    if not (filled or is_null):
        return UnitRow(sent, sent, default_country)  # As most rows: a copy of each would be memory.
    attributes = {**sent, **filled}
    if is_null:
        del attributes["identifier"]
    return UnitRow(attributes, sent, default_country)


def key_of(attributes: Attributes, default_country: str) -> str | None:
    """Answer the address key of a unit with these attributes, None where it has no address."""
    address = attributes.get("address")
    if address is None:
        return None
    return address_key(address, attributes.get("unit_number"), default_country)
