"""The fields beside the lines: building, city, state, postal code, country; and the whole text."""

import pytest

from app.units.addresses import address_key, canonical_fields, canonical_text
from app.units.addresses.text import LIMIT


def canonical(field: str, country: str, text: str) -> str:
    """Answer one canonical field of an address."""
    return canonical_fields({"address_line_1": "1 X", field: text, "country": country})[field]


@pytest.mark.parametrize(
    ("country", "city", "expected"),
    [
        ("US", "St. Louis", "saint louis"),
        ("US", "East St. Louis", "east saint louis"),
        ("US", "N. Hollywood", "north hollywood"),
        ("US", "North N Hollywood", "north n hollywood"),
        ("US", "Mt. Vernon", "mount vernon"),
        ("US", "Old Mt. Vernon", "old mt vernon"),
        ("US", "Ft. Worth", "fort worth"),
        ("US", "New York", "new york"),
        ("US", "St", "st"),
        ("US", "Ft", "ft"),
        ("DE", "Bd. Homburg", "bad homburg"),
        ("DE", "Köln", "koeln"),
        ("DE", "Cologne", "koeln"),
        ("DE", "Görlitz", "goerlitz"),
        ("SE", "Malmö", "malmo"),
    ],
)
def test_saints_and_directions_of_a_city_are_spelt_out(
    country: str, city: str, expected: str
) -> None:
    assert canonical("city", country, city) == expected


@pytest.mark.parametrize(
    ("country", "state", "expected"),
    [
        ("US", "New Jersey", "NJ"),
        ("US", "N.J.", "NJ"),
        ("US", "nj", "NJ"),
        ("US", "State of New York", "NY"),
        ("US", "State of", "of"),
        ("US", "State", "state"),
        ("US", "Elbonia", "elbonia"),
        ("US", "State of Old Elbonia", "old elbonia"),
        ("US", "Old State of Ohio", "old state of ohio"),
        ("DE", "Baden-Württemberg", "BW"),
        ("DE", "Freistaat Bayern", "BY"),
        ("IT", "Provincia di Bologna", "BO"),
    ],
)
def test_a_state_is_its_code_where_it_is_known(country: str, state: str, expected: str) -> None:
    assert canonical("state", country, state) == expected


@pytest.mark.parametrize(
    ("country", "code", "expected"),
    [
        ("GB", "sw1a 1aa", "SW1A1AA"),
        ("GB", "SW1A1AA", "SW1A1AA"),
        ("DE", "D-10115", "10115"),
        ("DE", "D10115", "10115"),
        ("DE", "D-1A", "1A"),
        ("DE", "DX1", "DX1"),
        ("DE", "4109", "04109"),
        ("DE", "410", "410"),
        ("DE", "410a", "410A"),
        ("DE", "１０１１５", "10115"),
        ("US", "1234", "01234"),
        ("US", "12345", "12345"),
        ("US", "12345-6789", "123456789"),
        ("US", "2345-6789", "023456789"),
        ("US", "345-6789", "3456789"),
        ("US", "123456", "123456"),
        ("CH", "301", "0301"),
        ("NL", "1015 cj", "1015CJ"),
        ("CA", "K1A 0B1", "K1A0B1"),
        ("KR", "\u1112-\u1161", "\ud558"),
        ("US", "-", ""),
    ],
)
def test_a_postal_code_has_no_separators(country: str, code: str, expected: str) -> None:
    """Nor a country before it; a first zero is put back where all codes have five digits."""
    assert canonical("postal_code", country, code) == expected


@pytest.mark.parametrize("field", ["building_name", "city", "state", "postal_code", "country"])
def test_a_field_that_grows_too_long_is_told_apart_by_its_hash(field: str) -> None:
    grown = "& " * 150 + "\u0133" * 290
    forms = {str(canonical_fields({field: grown + end})[field]) for end in ("a", "b")}
    assert len(forms) == 2
    assert all(len(form) <= LIMIT for form in forms)


@pytest.mark.parametrize("field", ["address_line_1", "address_line_2", "city", "country"])
def test_a_lone_surrogate_is_no_letter(field: str) -> None:
    assert address_key({field: "x\ud800"}) == address_key({field: "x"})
    assert address_key({field: "x\ud800y"}) == address_key({field: "x y"})
    assert len({address_key({field: surrogate * 700}) for surrogate in ("\ud800", "\ud801")}) == 2


def test_the_canonical_text_knows_unit_number_and_default_country() -> None:
    address = {"address_line_1": "Hauptstr. 5"}
    assert canonical_text(address, "4", "Deutschland").startswith("hauptstrasse 5 | unit 4 |")
    assert canonical_text(address).endswith(" | ")
    assert address_key(address) == address_key(address, None, "")


def test_a_missing_country_is_none_without_a_default() -> None:
    assert canonical_fields({"address_line_1": "5 X"})["country"] == ""
    assert canonical_fields({"country": " - "}, None, "usa")["country"] == "US"


def test_the_name_of_a_building_is_folded_as_its_country_does() -> None:
    address = {"address_line_1": "Ring 5", "building_name": "Müller  Hof", "country": "DE"}
    assert canonical_fields(address)["building_name"] == "mueller hof"
    assert canonical_fields({**address, "country": "SE"})["building_name"] == "muller hof"
