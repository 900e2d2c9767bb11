"""The bulk path against the reference model: batch after batch, results and tables equal."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.db import Base, db
from app.units.addresses import RECIPE
from app.units.rows import BLANK, BLANK_ADDRESS
from tests.units import reference_model
from tests.units.test_recipes import make_stale
from tests.world import World

IDENTIFIERS = st.sampled_from(["A", "B", "C", "D"])
LINES = st.sampled_from(["1 Main St", "1 MAIN STREET", "2 Main St", "2 Main St Apt 3", "3 Oak Ave"])
ADDRESSES = st.fixed_dictionaries(
    {"address_line_1": LINES}, optional={"address_line_2": st.sampled_from([None, "Apt 3", "# 3"])}
)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "identifier": st.none() | IDENTIFIERS,
        "address": st.none() | ADDRESSES,
        "unit_number": st.none() | st.sampled_from(["3", "4"]),
        "name": st.none() | st.sampled_from(["x", "y"]),
    },
)
BATCHES = st.lists(st.lists(ROWS, max_size=8), min_size=1, max_size=4)
RECIPES = st.sampled_from([[RECIPE], [0], [RECIPE, 0], [RECIPE + 1, RECIPE], [0, 2, RECIPE]])
"""The recipes of the keys that are stored before a batch: today's, another, a mixture."""
MODES = st.sampled_from(["", "", "", "?dry_run=true", "?atomic=true", "?atomic=true&dry_run=true"])


@settings(max_examples=300)
@given(
    batches=BATCHES,
    modes=st.lists(MODES, min_size=4, max_size=4),
    recipes=st.lists(RECIPES, min_size=4, max_size=4),
)
def test_every_batch_does_what_the_reference_model_does(
    world: World, batches: list[list[dict[str, Any]]], modes: list[str], recipes: list[list[int]]
) -> None:
    empty_units(world)
    model: list[dict[str, Any]] = []
    for batch, mode, recipe in zip(batches, modes, recipes, strict=False):
        mix_recipes(world, recipe)
        twin, back = copy(model)
        expected = reference_model.post(twin, batch)
        answer = world.post_units(batch, mode).json
        failed = any("error" in result for result in expected)
        if "atomic" in mode and failed:
            expected = [
                result if "error" in result else {"action": "skipped"} for result in expected
            ]
        elif "dry" not in mode:
            model = twin
            learn_ids(model, world)
        assert shown(answer["units"]) == [told(result, mode, back) for result in expected]
        assert stored(world) == [{name: unit[name] for name in BLANK} for unit in model]


def mix_recipes(world: World, recipes: list[int]) -> None:
    """Have the stored units bear keys of these recipes in turn, but for today's."""
    ids = [row["id"] for row in world.rows("units")]
    for place, recipe in enumerate(recipes):
        if recipe != RECIPE:
            make_stale(world, recipe, *ids[place :: len(recipes)])


def empty_units(world: World) -> None:
    with world.app.app_context(), db.engine.begin() as connection:
        connection.execute(Base.metadata.tables["units"].delete())


def copy(model: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[int, Any]]:
    """Answer a copy of the model to work on, and the id that each copied unit has."""
    twin = [dict(unit) for unit in model]
    return twin, {id(new): unit["id"] for new, unit in zip(twin, model, strict=True)}


def learn_ids(model: list[dict[str, Any]], world: World) -> None:
    """Give new units of the model the ids that the service took for them, in order."""
    ids = [row["id"] for row in world.rows("units")]
    for unit, unit_id in zip(model, ids, strict=True):
        assert unit.setdefault("id", unit_id) == unit_id


def told(result: dict[str, Any], mode: str, back: dict[int, Any]) -> dict[str, Any]:
    """Answer what the service must say of a row."""
    if "candidates" in result:
        ids = [
            unit.get("id") if mode == "" else back.get(id(unit)) for unit in result["candidates"]
        ]
        return {**result, "candidates": sorted(ids, key=lambda i: (i is None, i))}
    if "unit" not in result:
        return result
    applied = "dry" not in mode
    unit_id = result["unit"].get("id") if applied else back.get(id(result["unit"]))
    return {
        "action": result["action"],
        "matched_by": result["matched_by"],
        "id": unit_id,
        **{name: result["shown"][name] for name in BLANK},
    }


def shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answer of each row what the model speaks of."""
    kept = []
    for row in rows:
        if "error" in row:
            extras = {
                k: row["error"][k] for k in ("candidates", "conflicts_with") if k in row["error"]
            }
            kept.append({"error": row["error"]["type"], **extras})
        elif row["action"] == "skipped":
            kept.append({"action": "skipped"})
        else:
            kept.append({k: row[k] for k in ("action", "matched_by", "id", *BLANK)})
    return kept


def stored(world: World) -> list[dict[str, Any]]:
    """Answer the table as the model would hold it."""
    units = []
    for row in world.rows("units"):
        unit = {name: row.get(name) for name in BLANK}
        if row["address_line_1"] is not None:
            unit["address"] = {name: row[name] for name in BLANK_ADDRESS}
        if row["address_recipe"] in (RECIPE, None):
            assert row["address_key"] == reference_model.key(unit)
        units.append(unit)
    return units
