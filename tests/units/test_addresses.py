"""The address key on cases: the labelled pairs, and what each rule answers."""

import json
import string
from pathlib import Path
from typing import Any

import pytest

from app.units.addresses import RECIPE, address_key, canonical_fields, canonical_text

HERE = Path(__file__).parent
PAIRS: list[dict[str, Any]] = json.loads((HERE / "address_pairs.json").read_text(encoding="utf-8"))


def named(pair: dict[str, Any]) -> str:
    """Answer a name for a pair that reads in a list of tests."""
    first, second = (pair[side]["address"]["address_line_1"] for side in ("first", "second"))
    return f"{pair['country']} {pair['set']}: {first} is {pair['label']} {second}"


def of(line_1: str, line_2: str | None = None, **fields: str) -> dict[str, object]:
    """Answer an address in the United States, or where `fields` say."""
    return {"address_line_1": line_1, "address_line_2": line_2, "country": "US", **fields}


def equal(first: dict[str, object], second: dict[str, object]) -> bool:
    """Say whether two addresses have one key."""
    return address_key(first) == address_key(second)


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_no_labelled_pair_is_joined_wrongly(pair: dict[str, Any]) -> None:
    if pair["label"] == "different":
        assert address_key(**pair["first"]) != address_key(**pair["second"])
    elif pair["set"] in ("tuned", "attacked"):
        assert address_key(**pair["first"]) == address_key(**pair["second"])


@pytest.mark.parametrize("name", ["tuned", "held_out", "later", "examined", "blind"])
def test_at_least_95_in_100_labelled_pairs_are_found(name: str) -> None:
    same = [pair for pair in PAIRS if pair["label"] == "same" and pair["set"] == name]
    found = [p for p in same if address_key(**p["first"]) == address_key(**p["second"])]
    assert len(found) >= 0.95 * len(same)


@pytest.mark.parametrize(
    ("line_1", "line_2", "unit_number", "units"),
    [
        ("12 Main St", "Apt 4", None, "unit 4"),
        ("12 Main St", "Apt 4", "9", "unit 4"),
        ("12 Main St Apt 4", None, "9", "unit 4"),
        ("12 Main St", None, "9", "unit 9"),
        ("12 Main St", None, "Apt 9", "unit 9"),
        ("12 Main St", None, "#9", "unit 9"),
        ("12 Main St", "Bldg 2", "9", "building 2 unit 9"),
        ("12 Main St Bldg 2", "Apt 3", None, "building 2 unit 3"),
        ("12 Main St", "Floor 2", "9", "floor 2 unit 9"),
        ("12 Main St", "Lot 3", "9", "lot 3 unit 9"),
        ("12 Main St", "Apt 3, Floor 2", None, "floor 2 unit 3"),
        ("12 Main St", "12B", "9", "unit 12b"),
        ("12 Main St", "B", "9", "unit b"),
        ("12 Main St", "Ste. # 200", None, "suite 200"),
        ("12 Main St", "# Apt 1", None, "unit 1"),
        ("12 Main St", "Apt4", None, "unit 4"),
        ("12 Main St", "Apt 4-B", None, "unit 4b"),
        ("12 Main St", "Unit 2.01", None, "unit 2.01"),
        ("12 Main St, Rear", None, None, "rear"),
        ("12 Main St Rear", None, "2", "rear unit 2"),
        ("12 Main St", "Second Floor", None, "floor 2"),
        ("12 Main St", "Penthouse", None, "penthouse"),
        ("Flat 2, 12 Main St", None, None, "unit 2"),
        ("Flat 2", "12 Main St", None, "unit 2"),
    ],
)
def test_what_stands_beside_the_street(
    line_1: str, line_2: str | None, unit_number: str | None, units: str
) -> None:
    fields = canonical_fields(of(line_1, line_2), unit_number)
    assert (fields["address_line_1"], fields["address_line_2"]) == ("12 main street", units)


@pytest.mark.parametrize(
    ("line", "street"),
    [
        ("12 Court St", "12 court street"),
        ("12 Court", "12 court"),
        ("12 St Main", "12 saint main"),
        ("12 St. James St", "12 saint james street"),
        ("12 N St", "12 n street"),
        ("12 North St", "12 north street"),
        ("12 N Main St", "12 n main street"),
        ("12 Main Street N.W.", "12 main street nw"),
        ("12 N W Main St", "12 nw main street"),
        ("200 Avenue N", "200 avenue n"),
        ("200 Ave North", "200 ave north"),
        ("5 5th St", "5 5th street"),
        ("5 5 St", "5 5th street"),
        ("5 Street", "5 street"),
        ("12 No 5th St", "12 no 5th street"),
        ("12½ Elm St", "12 1/2 elm street"),
        ("12² Elm St", "12 2 elm street"),
        ("12 - 14 Elm St", "12-14 elm street"),
        ("12 Twenty-First Ave", "12 21st avenue"),
        ("1221 Ave of the Americas", "1221 avenue of the americas"),
        ("Hwy 77", "highway 77"),
        ("12 Main St P.O. Box 4", "12 main street po box 4"),
        ("P.O.Box #12", "po box 12"),
    ],
)
def test_the_street_of_an_american_address(line: str, street: str) -> None:
    assert canonical_fields(of(line))["address_line_1"] == street


@pytest.mark.parametrize("field", ["building_name", "city", "state", "postal_code", "country"])
def test_something_present_is_never_something_missing(field: str) -> None:
    whole = {**of("12 Main St"), "building_name": "A", "city": "B", "state": "C"}
    whole["postal_code"] = "1"
    keys = {address_key({**whole, field: value}) for value in ("x1", "x2", "", None, " - ")}
    assert len(keys) == 3


def test_moving_text_between_fields_changes_the_key() -> None:
    assert not equal(of("12 Main St Springfield"), of("12 Main St", city="Springfield"))
    assert not equal(of("12 Main", city="St Springfield"), of("12 Main St", city="Springfield"))
    assert not equal(of("12 Main St", city="A", state="B"), of("12 Main St", city="A B"))


def test_a_missing_country_is_the_default_one_however_spelt() -> None:
    bare = {"address_line_1": "12 Main St"}
    assert address_key(bare, None, "USA") == address_key(of("12 Main Street"))
    assert address_key(bare, None, "Deutschland") != address_key(of("12 Main Street"))
    assert address_key(bare) != address_key(of("12 Main Street"))


@pytest.mark.parametrize(
    ("country", "line", "street", "units"),
    [
        ("GB", "Flat 3 Rose House, 5 Kings Rd", "rose house 5 kings road", "unit 3"),
        ("GB", "Ground Floor Flat, 5 Kings Rd", "5 kings road", "floor ground unit"),
        ("GB", "12 A High St", "12a high street", ""),
        ("AU", "Unit 3/12 Smith St", "12 smith street", "unit 3"),
        ("AU", "3/12 Smith St", "12 smith street", "unit 3"),
        ("NZ", "3-12 Smith St", "3-12 smith street", ""),
        ("CA", "10-123 Main St", "123 main street", "unit 10"),
        ("CA", "12-14 Main St", "12-14 main street", ""),
        ("CA", "5 rue Ste-Anne O", "5 rue sainte anne w", ""),
        ("DE", "Haupt Str. 5 a", "hauptstrasse 5a", ""),
        ("DE", "Hauptstr. 5, 2. OG links", "hauptstrasse 5", "floor 2 left"),
        ("AT", "Ring 12/2/4", "ring 12", "staircase 2 unit 4"),
        ("AT", "Getreideg. 9", "getreidegasse 9", ""),
        ("CH", "P.za Grande 5", "piazza grande 5", ""),
        ("FR", "12 bis, av. de l'Opéra", "avenue de lopera 12bis", ""),
        ("BE", "16, rue de la Loi bte 3", "rue de la loi 16", "unit 3"),
        ("NL", "Kerkstr. 12-A", "kerkstraat 12a", ""),
        ("ES", "C/ Mayor, nº 3, 2º B", "calle mayor 3", "unit 2b"),
        ("ES", "C/ Mayor 3, 2º", "calle mayor 3", "floor 2"),
        ("ES", "Apdo. de Correos 55", "po box 55", ""),
        ("IT", "V.le Roma 10/A int. 4", "viale roma 10a", "unit 4"),
        ("PT", "R. Augusta 24 - 3.º Dto", "rua augusta 24", "floor 3 right"),
        ("BR", "Av. Paulista, 1.578 - Ap. 12", "avenida paulista 1578", "unit 12"),
        ("PL", "ul. Długa 5A/12", "dluga 5a", "unit 12"),
        ("RU", "ул. Ленина, д. 5", "улица ленина 5", ""),
        ("JP", "千代田区１－１", "千代田区1-1", ""),
    ],
)
def test_how_other_countries_write_a_door(country: str, line: str, street: str, units: str) -> None:
    fields = canonical_fields(of(line, country=country))
    assert (fields["address_line_1"], fields["address_line_2"]) == (street, units)


@pytest.mark.parametrize("country", ["AU", "CA", "PL", "AT"])
def test_a_flat_in_the_house_number_never_hides_another_unit_number(country: str) -> None:
    line = {"AU": "3/12 Smith St", "CA": "3-112 Main St", "PL": "Długa 12/3", "AT": "Ring 12/3"}
    address = of(line[country], country=country)
    keys = {address_key(address, unit) for unit in (None, "3", "4", "5")}
    assert len(keys) == 3
    assert address_key(address, "3") == address_key(address)


def test_a_word_for_a_flat_without_its_number_does_not_hide_unit_number() -> None:
    assert address_key(of("12 Main St", "Unit"), "5") != address_key(of("12 Main St", "Unit"), "6")
    assert address_key(of("12 Main St", "Unit"), "5") == address_key(of("12 Main St", "Unit 5"))


def test_a_floor_below_the_ground_is_not_one_above() -> None:
    assert not equal(of("12 Main St", "Floor -1"), of("12 Main St", "Floor 1"))


def test_the_key_is_64_hex_digits_and_carries_the_recipe() -> None:
    assert RECIPE == 1
    key = address_key(of("12 Main St", city="Springfield", state="Illinois", postal_code="62701"))
    assert len(key) == 64
    assert set(key) <= set(string.hexdigits.lower())
    assert key == "386f62a38e015bc5cca4ef5a7bcee3a033ebad6cdbc6627be71f1e2bc82908fb"


def test_the_canonical_text_is_made_for_people() -> None:
    address = of("12 Main St.", "Apt. 4", city="Springfield", state="Illinois", postal_code="62701")
    assert canonical_text(address) == "12 main street | unit 4 |  | springfield | IL | 62701 | US"
