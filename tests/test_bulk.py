"""Rows that go in and change set by set read back as they were, on both engines."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError

from app import bulk
from app.db import Base, db
from tests.world import World

UNITS: Table = Base.metadata.tables["units"]
MOMENTS = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1))
TEXTS = st.none() | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=9
)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
UNIT = st.fixed_dictionaries(
    {
        "name": TEXTS,
        "number_of_bedrooms": st.none() | st.integers(-(2**31), 2**31 - 1),
        "sqft": NUMBERS,
        "has_flex_wall": st.none() | st.booleans(),
        "bathrooms": st.none()
        | st.lists(st.dictionaries(st.text('ab\\"é\n\t', max_size=3), TEXTS)),
        "version": st.integers(1, 2**31 - 1),
        "created_at": MOMENTS,
        "updated_at": MOMENTS,
    }
)
BLANK = {
    "name": None,
    "number_of_bedrooms": None,
    "sqft": -0.5,
    "has_flex_wall": None,
    "bathrooms": [],
    "version": 1,
    "created_at": datetime(1999, 12, 31, 23, 59, 59, 999999),
    "updated_at": datetime(2000, 1, 1),
}


def organization_of(world: World) -> int:
    (row,) = [row for row in world.rows("groups") if row["id"] == world.group]
    return int(row["organization_id"])


def read(table: Table, ids: Iterable[int]) -> list[dict[str, Any]]:
    """Answer the rows with these ids, all columns, in the order of ids."""
    found = db.session.execute(select(table).where(table.c.id.in_(ids)).order_by(table.c.id))
    return [dict(row._mapping) for row in found]


@given(rows=st.lists(UNIT, min_size=1, max_size=3), later=UNIT)
@example(rows=[BLANK], later=BLANK | {"name": "\\N\t\\.\n", "bathrooms": [{"\n": "\\"}]})
def test_what_is_inserted_and_updated_reads_back_as_it_was(
    world: World, rows: list[dict[str, Any]], later: dict[str, Any]
) -> None:
    organization = organization_of(world)
    with world.app.app_context():
        session = db.session()
        ids = bulk.reserve_ids(session, UNITS, len(rows))
        new = [{**row, "id": i, "group_id": world.group} for i, row in zip(ids, rows, strict=True)]
        bulk.insert_rows(session, UNITS, organization, new)
        inserted = read(UNITS, ids)
        bulk.update_rows(session, UNITS, organization, [later | {"id": ids[0]}])
        updated = read(UNITS, ids)
        session.rollback()

    assert [{name: row[name] for name in new[0]} for row in inserted] == new
    assert {name: updated[0][name] for name in later} == later
    assert updated[1:] == inserted[1:]


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1999, 12, 31), date(2000, 1, 1), None])
def test_a_day_reads_back_as_it_was(world: World, day: date | None) -> None:
    pair = {"itemId": "eliteBook_820", "unitId": "PACKET", "quantity": 1, "isDefault": False}
    world.put_units({"identifier": "PACKET"})
    world.post("/items/multiple", {"items": [{"reference": "eliteBook_820"}]})
    answer = world.post(
        "/itemUnits/multiple",
        {"itemUnits": [pair | {"expirationDate": day and day.isoformat()}]},
    )

    assert answer.json["itemUnits"][0]["action"] == "created"
    assert [row["expiration_date"] for row in world.rows("item_units")] == [day]


def test_a_key_that_is_taken_is_told_as_by_any_statement(world: World) -> None:
    organization = organization_of(world)
    row = BLANK | {"group_id": world.group, "identifier": "A-1"}
    with world.app.app_context():
        session = db.session()
        ids = bulk.reserve_ids(session, UNITS, 2)
        with pytest.raises(IntegrityError):
            bulk.insert_rows(session, UNITS, organization, [row | {"id": i} for i in ids])
        session.rollback()

        assert read(UNITS, ids) == []
