"""The migrations: one line of them, up and down on both engines, equal to the models."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from app.db import Base, db
from tests.fixtures import MIGRATIONS
from tests.world import World


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(MIGRATIONS).get_heads()) == 1


def test_up_down_and_up_again(migrated_app: Flask) -> None:
    with migrated_app.app_context():
        downgrade(MIGRATIONS, revision="base")
        assert tables() == set()
        upgrade(MIGRATIONS)
        assert tables() == set(Base.metadata.tables)


def test_the_schema_is_what_the_models_say(migrated_app: Flask) -> None:
    with migrated_app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    # On SQLite an id alone is the primary key, and the pair is unique beside it.
    assert [d for d in differences if not d[1].name.endswith("_organization_id_id")] == []


def test_migrations_keep_what_is_stored(world: World) -> None:
    world.put_units({"identifier": "PACKET", "address": {"address_line_1": "12 Main Street"}})
    assert world.upsert({"quantity": 4, "isDefault": True}).status_code == 201
    before = world.everything()
    with world.app.app_context():
        downgrade(MIGRATIONS, revision="0001")
        upgrade(MIGRATIONS)

    assert world.everything() == before


def test_an_id_of_a_deleted_row_never_returns(world: World) -> None:
    first = world.put_units({"identifier": "A"}, {"identifier": "B"})
    with world.app.app_context(), db.engine.begin() as connection:
        connection.execute(Base.metadata.tables["units"].delete())
    second = world.put_units({"identifier": "A"})

    assert second[0] > max(first)


def test_readiness_follows_the_schema(migrated_app: Flask) -> None:
    http = migrated_app.test_client()
    assert http.get("/readyz").status_code == 200
    with migrated_app.app_context():
        downgrade(MIGRATIONS, revision="base")
        behind = http.get("/readyz")
        upgrade(MIGRATIONS)

    assert (behind.status_code, behind.headers["Retry-After"]) == (503, "1")
    assert http.get("/healthz").json == {"status": "ok"}
    assert http.get("/readyz").status_code == 200
