"""Units whose address keys were made by different recipes, in one group at the same time."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import literal, text

from app.db import Base, db
from app.units.addresses import RECIPE
from tests.units import reference_model
from tests.units.test_stream import results, send, to_lines
from tests.world import World

OTHER_RECIPES = [RECIPE - 1, RECIPE + 1]
MAIN = {"address_line_1": "12 Main Street", "address_line_2": "Apt 4"}
RESPELT = {"address_line_1": "12 MAIN ST. #4"}
OAK = {"address_line_1": "3 Oak Ave"}


def make_stale(world: World, recipe: int, *ids: int) -> None:
    """Store of these units what another recipe would have: another key, and its number."""
    units = Base.metadata.tables["units"]
    key = literal("other-") + units.c.address_key
    with world.app.app_context(), db.engine.begin() as connection:
        connection.execute(
            units.update()
            .where(units.c.id.in_(ids), units.c.address_key.is_not(None))
            .values(address_key=key, address_recipe=recipe)
        )


def assert_current(row: dict[str, Any]) -> None:
    """Hold that a stored unit has the key of today's recipe."""
    address = {name: row[name] for name in ("address_line_1", "address_line_2")}
    unit = {"address": address, "unit_number": row["unit_number"]}
    assert (row["address_key"], row["address_recipe"]) == (reference_model.key(unit), RECIPE)


@pytest.mark.parametrize("recipe", OTHER_RECIPES)
def test_a_unit_of_another_recipe_is_found_by_its_address(world: World, recipe: int) -> None:
    first, second = world.put_units({"address": MAIN}, {"address": OAK})
    make_stale(world, recipe, first)

    rows = world.post_units([{"address": RESPELT, "sqft": 640}, {"address": OAK}]).json["units"]

    assert [(row["id"], row["matched_by"]) for row in rows] == [
        (first, "address"),
        (second, "address"),
    ]
    for row in world.rows("units"):
        assert_current(row)


def test_a_stream_finds_it_too(world: World) -> None:
    ids = world.put_units({"address": MAIN})
    make_stale(world, 0, *ids)

    lines, _ = results(send(world, to_lines([{"address": RESPELT}])))

    assert [line["id"] for line in lines] == ids


@pytest.mark.parametrize("recipe", OTHER_RECIPES)
def test_two_units_of_two_recipes_at_one_address_are_ambiguous(world: World, recipe: int) -> None:
    ids = world.put_units({"identifier": "A", "address": MAIN}, {"identifier": "B"})
    world.put_units({"identifier": "B", "address": RESPELT})
    make_stale(world, recipe, ids[0])

    (row,) = world.post_units([{"address": MAIN}]).json["units"]

    assert (row["error"]["type"], row["error"]["candidates"]) == ("ambiguous_address", ids)


def test_a_key_of_another_recipe_matches_nothing_by_its_text(world: World) -> None:
    (unit,) = world.put_units({"address": MAIN})
    world.put_units({"identifier": "other", "address": OAK})
    key = next(row["address_key"] for row in world.rows("units") if row["id"] != unit)
    with world.app.app_context(), db.engine.begin() as connection:
        connection.execute(
            text("UPDATE units SET address_key = :key, address_recipe = 0 WHERE id = :id"),
            {"key": key, "id": unit},
        )

    (row,) = world.post_units([{"address": OAK}]).json["units"]

    assert (row["matched_by"], row["identifier"]) == ("address", "other")


def test_what_changes_nothing_leaves_the_stale_key_to_rekey(world: World) -> None:
    ids = world.put_units({"address": MAIN}, {"identifier": "bare"})
    make_stale(world, 0, *ids)
    before = world.rows("units")

    answer = world.post_units([{"address": MAIN}, {"identifier": "bare"}]).json

    assert answer["summary"]["unchanged"] == 2
    assert world.rows("units") == before


def test_a_change_of_anything_writes_the_current_key(world: World) -> None:
    ids = world.put_units({"identifier": "A", "address": MAIN})
    make_stale(world, 0, *ids)

    world.put_units({"identifier": "A", "name": "new"})

    assert_current(world.rows("units")[0])


def test_the_look_up_takes_the_same_statements_with_stale_units(world: World) -> None:
    rows = [{"address": {"address_line_1": f"{n} Main St"}} for n in range(50)]
    ids = world.put_units(*rows)
    counts = []
    for stale in ([], ids[:20], ids):
        make_stale(world, 0, *stale)
        with world.statements() as seen:
            answer = world.post_units(rows, "?dry_run=true").json
        assert answer["summary"]["unchanged"] == 50
        counts.append(len(seen))

    assert len(set(counts)) == 1


def test_the_look_up_is_answered_by_indexes(migrated_app: Flask, world: World) -> None:
    world.put_units({"identifier": "A", "address": MAIN})
    with world.statements() as seen:
        world.post_units([{"identifier": "A"}, {"address": MAIN}])
    look_ups = [statement for statement in seen if "FROM units" in statement]
    assert len(look_ups) == 2
    with migrated_app.app_context():
        if db.engine.dialect.name != "sqlite":
            return  # Its planner goes by statistics: measured by hand, docs/decisions.md.
        with db.engine.connect() as connection:
            plan = [
                row
                for query in look_ups
                for row in connection.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {query}", (None,) * query.count("?")
                )
            ]

    searches = [row[3] for row in plan if " units " in row[3]]
    assert len(searches) == 4
    assert sum("ix_units_address_key (organization_id=? AND group_id=? AND address_recipe" in s
               for s in searches) == 3  # fmt: skip
    assert not any("SCAN" in search for search in searches)
