"""``flask --app wsgi rekey``: stale address keys made anew."""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from app.db import Base, db
from app.units import rekeying
from app.units.addresses import RECIPE
from tests.units.test_recipes import MAIN, OAK, RESPELT, assert_current, make_stale
from tests.world import World


def rekey(world: World, *options: str) -> dict[str, Any]:
    """Run the command; answers what it printed on stdout."""
    done = world.app.test_cli_runner().invoke(args=["rekey", *options])
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = orjson.loads(done.stdout)
    return told


def run(world: World, batch: int, *, dry_run: bool = False) -> rekeying.Report:
    """Rekey everything in small batches; answers the report."""
    report = rekeying.Report()
    with world.app.app_context():
        groups = rekeying.find_groups()
        for _ in rekeying.rekey(groups, report, "", dry_run=dry_run, batch=batch):
            pass
    return report


def streets(count: int) -> list[dict[str, Any]]:
    return [{"address": {"address_line_1": f"{n} Main St"}} for n in range(count)]


def give_keys(world: World, keys: dict[int, str]) -> None:
    """Store keys of an older recipe, by unit id."""
    units = Base.metadata.tables["units"]
    with world.app.app_context(), db.engine.begin() as connection:
        for unit_id, key in keys.items():
            connection.execute(
                update(units)
                .where(units.c.id == unit_id)
                .values(address_key=key, address_recipe=RECIPE - 1)
            )


@pytest.fixture(name="doubles")
def _doubles(world: World) -> list[int]:
    """Answer the ids of A, B, C, D at one address, and E at another; only A and B shared a key."""
    ids = world.put_units(*({"identifier": name} for name in "ABCD"), {"address": OAK})
    for name, address in zip("ABCD", (MAIN, RESPELT, MAIN, RESPELT), strict=True):
        world.put_units({"identifier": name, "address": address})
    give_keys(world, dict(zip(ids, ("k1", "k1", "k2", "k3", "k4"), strict=True)))
    return ids


@pytest.mark.parametrize("recipe", [RECIPE - 1, RECIPE + 1])
def test_it_makes_stale_keys_anew_and_touches_nothing_else(world: World, recipe: int) -> None:
    ids = world.put_units(*streets(5), {"identifier": "bare"})
    before = world.everything()
    make_stale(world, recipe, *ids[:3], ids[-1])

    told = rekey(world)

    assert told == {
        "recipe": RECIPE, "dry_run": False, "finished": True, "rekeyed": 3, "coincide": []
    }  # fmt: skip
    assert world.everything() == before


def test_run_again_it_finds_nothing_to_do(world: World) -> None:
    make_stale(world, 0, *world.put_units(*streets(5)))
    rekey(world)

    with world.statements() as seen:
        assert rekey(world)["rekeyed"] == 0

    assert not [statement for statement in seen if statement.startswith("UPDATE")]


def test_a_dry_run_writes_nothing_and_reports_the_same(world: World, doubles: list[int]) -> None:
    before = world.everything()
    tried = rekey(world, "--dry-run")
    assert world.everything() == before

    assert {**tried, "dry_run": False} == rekey(world)


def test_it_tells_which_units_newly_coincide(world: World, doubles: list[int]) -> None:
    assert rekey(world)["coincide"] == [
        {
            "organization": "entity1",
            "group_id": world.group,
            "address": "12 main street | unit 4 |  |  |  |  | ",
            "units": doubles[:4],
        }
    ]


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("batch", [1, 2, 3, 1000])
def test_the_size_of_the_batches_makes_no_difference(
    world: World, doubles: list[int], batch: int, dry_run: bool
) -> None:
    report = run(world, batch, dry_run=dry_run)

    assert report.rekeyed == 5
    assert [found["units"] for found in report.coincide] == [doubles[:4]]


def test_units_that_shared_a_key_before_are_no_news(world: World, doubles: list[int]) -> None:
    give_keys(world, dict.fromkeys(doubles[:4], "k1"))

    assert run(world, 1).coincide == []


def test_a_stale_unit_may_coincide_with_one_that_is_current(
    world: World, doubles: list[int]
) -> None:
    world.put_units({"identifier": "A", "name": "written, so current"})

    assert run(world, 1).coincide[0]["units"] == doubles[:4]


def test_groups_and_organizations_are_told_apart(world: World) -> None:
    theirs = world.token_for("entity2-all")
    ours = world.put_units({"address": MAIN})
    answer = world.post(
        "/units/multiple",
        {"group_external_ref": "north-tower", "units": [{"address": RESPELT}]},
        theirs,
    )
    give_keys(world, {ours[0]: "k1", answer.json["units"][0]["id"]: "k2"})

    told = rekey(world)

    assert (told["rekeyed"], told["coincide"]) == (2, [])


def test_every_statement_on_units_names_the_organization(world: World, doubles: list[int]) -> None:
    with world.statements() as seen:
        run(world, 2)

    on_units = [statement for statement in seen if "units" in statement]
    assert on_units
    assert all("organization_id = " in statement for statement in on_units)


def test_stopped_it_keeps_what_is_done_and_goes_on(world: World) -> None:
    make_stale(world, 0, *world.put_units(*streets(10)))
    report = rekeying.Report()
    with world.app.app_context():
        work = rekeying.rekey(rekeying.find_groups(), report, "", batch=4)
        assert next(work) == 4
        work.close()
    assert [row["address_recipe"] for row in world.rows("units")].count(RECIPE) == 4
    assert world.post_units(streets(10)).json["summary"]["unchanged"] == 10

    assert rekey(world)["rekeyed"] == 6

    for row in world.rows("units"):
        assert_current(row)


def test_the_progress_goes_to_stderr(world: World) -> None:
    make_stale(world, 0, *world.put_units(*streets(3)))

    done = world.app.test_cli_runner().invoke(args=["rekey"])

    assert "Units" in done.stderr
    assert orjson.loads(done.stdout)["finished"] is True


def test_writers_of_the_group_do_not_interleave(world: World) -> None:
    ids = world.put_units(*({**row, "identifier": f"U-{n}"} for n, row in enumerate(streets(60))))
    make_stale(world, 0, *ids)
    old = [{"identifier": f"U-{n}", "address": OAK, "unit_number": str(n)} for n in range(60)]

    def move(start: int) -> int:
        answers = [world.post_units(old[n : n + 5]) for n in range(start, start + 30, 5)]
        return sum(answer.json["summary"]["updated"] for answer in answers)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(3) as pool:
            moved = [pool.submit(move, 0), pool.submit(move, 30)]
            pool.submit(run, world, 3).result()
            assert sum(future.result() for future in moved) == 60
    finally:
        sys.setswitchinterval(interval)

    for row in world.rows("units"):
        assert row["address_line_1"] == "3 Oak Ave"
        assert_current(row)
