"""A filled database becomes a distributed one, and nothing is lost on the way."""

import pytest
from flask_migrate import downgrade, upgrade

from app import distribution
from app.distribution import Step
from app.tenancy import tenant_tables
from tests.fixtures import MIGRATIONS
from tests.world import World
from tests_citus.cluster import distribute, rows_of

UNITS = [
    {
        "identifier": f"U-{n}",
        "address": {"address_line_1": f"{n} Main St", "city": "Springfield"},
        "bathrooms": [{"has_sink": True}],
        "sqft": 40.5,
    }
    for n in range(1000)
]


@pytest.fixture(name="filled")
def _filled(plain: World) -> World:
    plain.put_units(*UNITS)
    for n in range(3):
        assert (
            plain.upsert({"quantity": n + 1, "isDefault": n == 0}, unit=f"U-{n}").status_code == 201
        )
    theirs = {"group_id": plain.their_groups["theirs"], "units": UNITS[:100]}
    assert plain.post("/units/multiple", theirs, plain.token_for("entity2-all")).status_code == 200
    return plain


def assert_whole(world: World) -> None:
    """Hold that every table is distributed, side by side, with all its foreign keys."""
    own = {table.name for table in tenant_tables()}
    kinds = rows_of("SELECT table_name::text, citus_table_type, colocation_id FROM citus_tables")
    assert {name for name, kind, _ in kinds if kind == "distributed"} == own
    assert len({place for name, _, place in kinds if name in own}) == 1
    shared = {name for name, kind, _ in kinds if kind == "reference"}
    assert shared == {"alembic_version", "organizations", "clients", "revoked_tokens"}
    keys = {name for (name,) in rows_of("SELECT conname FROM pg_constraint WHERE contype = 'f'")}
    assert keys >= {str(k.name) for table in tenant_tables() for k in table.foreign_key_constraints}
    for name in [*own, *shared]:
        assert rows_of(f"SELECT pg_relation_size('{name}')") == [(0,)], f"{name}: a copy is left"


def test_a_filled_database_is_distributed_whole(filled: World) -> None:
    before = filled.everything()
    told = distribute(filled)

    assert filled.everything() == before
    assert "units: distributed by organization_id ... 1100 rows" in told
    assert_whole(filled)


def test_a_dry_run_changes_nothing(filled: World) -> None:
    before = filled.everything()
    told = distribute(filled, "--dry-run")

    assert "SELECT create_distributed_table('units'" in told
    assert rows_of("SELECT * FROM pg_dist_partition") == []
    assert filled.everything() == before


def test_a_second_run_has_nothing_to_do(filled: World) -> None:
    distribute(filled)
    told = distribute(filled)

    assert "units: already distributed" in told
    assert "[1/" not in told


@pytest.mark.parametrize(
    "at", ["DROP CONSTRAINT", "reference", "'units'", "truncate", "ADD CONSTRAINT"]
)
def test_a_run_that_is_stopped_is_finished_by_the_next(
    filled: World, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    before, take = filled.everything(), distribution.take
    seen: list[str] = []

    def stop_at_the_second(session: object, step: Step) -> int | None:
        seen.extend([step.sql] if at in step.sql else [])
        if at in step.sql and (len(seen) == 2 or at == "'units'"):
            raise KeyboardInterrupt
        return take(session, step)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(distribution, "take", stop_at_the_second)
        stopped = filled.app.test_cli_runner().invoke(args=["distribute"])
    assert stopped.exit_code != 0

    distribute(filled)

    assert filled.everything() == before
    assert_whole(filled)


def test_what_was_stored_before_is_found_and_updated_afterwards(filled: World) -> None:
    distribute(filled)
    answer = filled.post_units([{**unit, "name": "new"} for unit in UNITS])

    assert answer.json["summary"] == {"created": 0, "updated": 1000, "unchanged": 0, "failed": 0}
    assert filled.upsert({"quantity": 9}, unit="U-0").headers["Upsert-Result"] == "updated"
    new = filled.put_units({"identifier": "after"})
    assert new[0] not in {row["id"] for row in filled.rows("units") if row["identifier"] != "after"}


def test_migrations_go_down_and_up_on_a_distributed_database(filled: World) -> None:
    distribute(filled)
    before = filled.everything()
    with filled.app.app_context():
        downgrade(MIGRATIONS, revision="0001")
        upgrade(MIGRATIONS)
    distribute(filled)

    assert filled.everything() == before
    assert_whole(filled)
