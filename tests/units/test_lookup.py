"""Which address keys are made: none for a row that its identifier is sure to find."""

from datetime import datetime
from typing import Any

import pytest

from app.units import rows
from app.units.lookup import keys_sought
from app.units.matching import Unit, plan
from app.units.rows import BLANK, BLANK_ADDRESS, UnitRow, key_of, row_from
from tests.world import World

THEN, NOW = datetime(2020, 1, 1), datetime(2026, 11, 21)
MAIN = {"address_line_1": "1 Main St"}
OAK = {"address_line_1": "2 Oak Ave"}


def stored(**attributes: Any) -> Unit:
    whole = {**BLANK, **attributes}
    whole["address"] = {**BLANK_ADDRESS, **whole["address"]}
    return Unit(1, whole, key_of(whole, ""), 1, THEN, THEN, stored_identifier=whole["identifier"])


def made(sent: list[dict[str, Any]]) -> list[UnitRow]:
    return [row_from(row, "") for row in sent]


def test_a_row_whose_identifier_is_known_needs_no_key() -> None:
    batch = made([{"identifier": "A", "address": MAIN}, {"identifier": "N", "address": OAK}])

    keys = keys_sought(batch, [stored(identifier="A", address=MAIN)])

    assert keys == {key_of({"address": OAK}, "")}
    assert batch[0].made_key is None


def test_all_keys_are_made_where_a_row_may_take_a_known_unit_over() -> None:
    batch = made([{"identifier": "N", "address": MAIN}, {"identifier": "A", "address": OAK}])

    keys = keys_sought(batch, [stored(identifier="A", address=MAIN)])

    assert keys == {key_of({"address": MAIN}, ""), key_of({"address": OAK}, "")}


def test_an_unchanged_address_keeps_its_key_unmade(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = stored(identifier="A", address=MAIN)
    before = unit.address_key
    batch = made([{"identifier": "A", "address": MAIN, "unit_number": None, "sqft": 40.0}])
    monkeypatch.setattr(rows, "address_key", None)

    result = plan(batch, [unit], NOW)

    assert [step.action for step in result.steps] == ["updated"]
    assert unit.address_key == before


def test_a_row_whose_unit_lost_its_identifier_is_found_by_its_address(world: World) -> None:
    world.put_units({"identifier": "A", "address": MAIN}, {"identifier": "B", "address": OAK})

    answer = world.post_units(
        [{"identifier": "N", "address": MAIN}, {"identifier": "A", "address": OAK}]
    ).json

    assert [row["action"] for row in answer["units"]] == ["updated", "updated"]
    assert [row["matched_by"] for row in answer["units"]] == ["address", "address"]
    assert len(world.rows("units")) == 2
