"""Showing the canonical form and key of an address: why two addresses are one door, or are not."""

from collections.abc import Iterable
from typing import Any

from app.errors import refuse_parameter
from app.fields import Text
from app.query import QuerySchema, about, load_query
from app.units.addresses import RECIPE, address_key, canonical_fields, canonical_text
from app.units.schemas import AddressLine


class AddressKeyQuery(QuerySchema):
    """The query of ``GET /units/address-key``: the fields of which the key is made. Source: ours."""

    building_name = Text(metadata=about("A building's name, part of the door."))
    address_line_1 = AddressLine(required=True, metadata=about("Number and street."))
    address_line_2 = Text(metadata=about("Flat, floor, building."))
    city = Text(metadata=about("The town."))
    state = Text(metadata=about("State or province, name or code."))
    postal_code = Text(metadata=about("With or without its separators."))
    country = Text(metadata=about("Name or code; the operator's default if missing."))
    unit_number = Text(metadata=about("Stands in for the flat where no line names one."))


def show_address_key(query: Iterable[tuple[str, str]], default_country: str) -> dict[str, Any]:
    """Answer the key of the address in ``query``, and the form that it is made of.

    A field that is missing is null. Raises ``InvalidRequest`` (400).
    """
    address = load_query(AddressKeyQuery, query, refuse_parameter)
    unit_number = address.pop("unit_number", None)
    fields = canonical_fields(address, unit_number, default_country)
    return {
        "address_key": address_key(address, unit_number, default_country),
        "canonical": {name: text or None for name, text in fields.items()},
        "text": canonical_text(address, unit_number, default_country),
        "recipe": RECIPE,
    }
