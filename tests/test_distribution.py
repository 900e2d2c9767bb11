"""``flask --app wsgi distribute``: nothing where there is no Citus, else the right steps in order.

No Citus is to be had for these tests: a model of it and a stand-in on plain PostgreSQL show the order of
the statements and no more. ``make test-citus`` runs them on a real one.
"""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from app.db import Base, db
from app.distribution import VERSIONS, CannotDistribute, State, Step, plan
from app.tenancy import tables_above, tenant_tables
from tests.fixtures import MIGRATIONS, as_url, config_for, empty_database
from tests.world import World

SHARED = {VERSIONS, *(table.name for table in tables_above())}
OWN = {table.name for table in tenant_tables()}
KEYS = {
    (table.name, str(key.name)): key.referred_table.name
    for table in Base.metadata.sorted_tables
    for key in table.foreign_key_constraints
}
PLAIN = State(dict.fromkeys(SHARED | OWN, "local"), frozenset(KEYS), frozenset())
DONE = State(
    dict.fromkeys(SHARED, "reference") | dict.fromkeys(OWN, "distributed"),
    frozenset(KEYS),
    frozenset(),
)


def after(state: State, step: Step) -> State:
    """Answer what Citus makes of ``state`` by ``step``; it refuses what it would refuse."""
    tables, keys, leftovers = dict(state.tables), set(state.keys), set(state.leftovers)
    touched = {name for (table, key) in keys for name in (table, KEYS[table, key])}
    if made := re.match(r"ALTER TABLE (\w+) (ADD|DROP) CONSTRAINT (\w+)", step.sql):
        table, verb, key = made.groups()
        (keys.add if verb == "ADD" else keys.remove)((table, key))
        assert verb == "DROP" or {tables[table], tables[KEYS[table, key]]} <= {
            "reference",
            "distributed",
        }
    else:
        function, table = re.findall(r"SELECT (\w+)\('(\w+)'", step.sql)[0]
        assert table not in touched, f"{step.sql} while a foreign key is there"
        if function == "truncate_local_data_after_distributing_table":
            leftovers.remove(table)
        else:
            assert tables[table] == "local"
            is_reference = function == "create_reference_table"
            tables[table] = "reference" if is_reference else "distributed"
            leftovers.add(table)
            beside = re.search(r"colocate_with => '(\w+)'", step.sql)
            assert is_reference or (
                beside
                and (
                    tables.get(beside[1]) == "distributed"
                    or (beside[1] == "none" and list(tables.values()).count("distributed") == 1)
                )
            )
    return State(tables, frozenset(keys), frozenset(leftovers))


def run(state: State, steps: list[Step]) -> State:
    for step in steps:
        state = after(state, step)
    return state


def test_a_plain_database_becomes_a_distributed_one() -> None:
    assert run(PLAIN, plan(PLAIN)) == DONE


def test_what_is_done_is_not_done_again() -> None:
    assert plan(DONE) == []


@pytest.mark.parametrize("stop", range(len(plan(PLAIN))))
def test_a_run_that_was_stopped_anywhere_is_finished_by_another(stop: int) -> None:
    stopped = run(PLAIN, plan(PLAIN)[:stop])

    assert run(stopped, plan(stopped)) == DONE


def test_a_table_that_a_later_version_brings_is_put_beside_the_others() -> None:
    state = State(dict(DONE.tables) | {"groups": "local"}, DONE.keys, DONE.leftovers)

    assert run(state, plan(state)) == DONE
    assert not any("'none'" in step.sql for step in plan(state))


def test_a_table_of_the_wrong_kind_is_left_alone_and_told() -> None:
    state = State(dict(DONE.tables) | {"units": "reference"}, DONE.keys, DONE.leftovers)

    with pytest.raises(CannotDistribute, match=r"units is a reference table .* undistribute_table"):
        plan(state)


@pytest.mark.parametrize("arguments", [[], ["--dry-run"]])
def test_without_citus_nothing_is_done_and_the_command_says_why(
    world: World, arguments: list[str]
) -> None:
    before = world.everything()
    told = world.app.test_cli_runner().invoke(args=["distribute", *arguments])

    assert told.exit_code == 0
    assert told.output.startswith("Nothing to do: this is SQLite" if is_sqlite(world.app) else NONE)
    assert world.everything() == before


NONE = "Nothing to do: this PostgreSQL does not have the Citus extension"


def is_sqlite(app: Flask) -> bool:
    return str(app.config["SQLALCHEMY_DATABASE_URI"]).startswith("sqlite")


STAND_IN = """
CREATE VIEW pg_extension AS SELECT 'citus' AS extname;
CREATE TABLE pg_dist_partition (logicalrelid regclass, partmethod "char", repmodel "char");
CREATE TABLE pg_dist_node AS SELECT true AS isactive, true AS shouldhaveshards;
CREATE TABLE log (id serial, call text);
CREATE FUNCTION citus_is_coordinator() RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION convert(name regclass, method "char", model "char") RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND name IN (conrelid, confrelid)) THEN
    RAISE 'a foreign key is there';
  END IF;
  INSERT INTO pg_dist_partition VALUES (name, method, model);
  INSERT INTO log (call) VALUES (name::text);
END $$;
CREATE FUNCTION create_reference_table(name regclass) RETURNS void LANGUAGE sql AS
  $$SELECT convert(name, 'n', 't')$$;
CREATE FUNCTION create_distributed_table(name regclass, by text, colocate_with text) RETURNS void
  LANGUAGE sql AS $$SELECT convert(name, 'h', 's')$$;
CREATE FUNCTION truncate_local_data_after_distributing_table(name regclass) RETURNS void
  LANGUAGE plpgsql AS $$BEGIN EXECUTE 'TRUNCATE ' || name; END $$;
"""
"""Functions of Citus' names that note their calls and refuse as it would; they distribute nothing."""


@pytest.fixture(name="standing_in")
def _standing_in(postgres_server: str) -> Iterator[World]:
    """Answer a world on plain PostgreSQL that believes it has Citus."""
    with empty_database(postgres_server) as database:
        # Names are sought in "public" first, so that the view stands before the catalogue's table.
        url = as_url(database)
        app = create_app(config_for(f"{url}&options=-csearch_path%3Dpublic,pg_catalog"))
        with app.app_context():
            upgrade(MIGRATIONS)
        world = World(app)
        with app.app_context(), db.engine.begin() as connection:
            connection.exec_driver_sql(STAND_IN)
        yield world
        with app.app_context():
            db.engine.dispose()


WARNS = """
CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN RAISE WARNING 'failed to commit transaction on 127.0.0.1:1'; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER warns AFTER INSERT ON units DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION warn()
"""
"""What Citus says, and nothing worse, when a node died before it could commit."""


def test_a_commit_that_warns_of_a_lost_node_is_never_answered_as_success(
    standing_in: World,
) -> None:
    with standing_in.app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql(WARNS)
    lost = standing_in.post_units([{"identifier": "A"}])
    fine = standing_in.post_units([{"identifier": "A", "name": "no new row, so no warning"}])

    assert (lost.status_code, lost.headers["Retry-After"]) == (503, "1")
    assert fine.status_code == 200


def ask(world: World, sql: str) -> list[str]:
    with world.app.app_context(), db.engine.connect() as connection:
        return list(connection.scalars(text(sql)))


def test_the_statements_run_in_an_order_that_plain_postgresql_accepts(standing_in: World) -> None:
    runner = standing_in.app.test_cli_runner()
    dry = runner.invoke(args=["distribute", "--dry-run"])
    assert "SELECT create_distributed_table('units', 'organization_id'" in dry.output
    assert ask(standing_in, "SELECT call FROM log") == []

    told = runner.invoke(args=["distribute"])

    assert told.exit_code == 0, told.output
    assert "groups: distributed by organization_id ... 4 rows" in told.output
    assert set(ask(standing_in, "SELECT call FROM log")) == SHARED | OWN
    foreign_keys = "SELECT conname FROM pg_constraint WHERE contype = 'f'"
    assert sorted(ask(standing_in, foreign_keys)) == sorted(name for _, name in KEYS)
    again = runner.invoke(args=["distribute"])
    assert "units: already distributed" in again.output
    assert "[1/" not in again.output


def test_a_cluster_without_nodes_is_refused_and_a_lost_foreign_key_comes_back(
    standing_in: World,
) -> None:
    runner = standing_in.app.test_cli_runner()
    with standing_in.app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE grants DROP CONSTRAINT fk_grants_groups")
        connection.exec_driver_sql("UPDATE pg_dist_node SET shouldhaveshards = false")
    none = runner.invoke(args=["distribute"])
    assert (none.exit_code, "citus_add_node" in none.output) == (1, True)
    assert ask(standing_in, "SELECT call FROM log") == []
    with standing_in.app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE pg_dist_node SET shouldhaveshards = true")

    told = runner.invoke(args=["distribute"])

    assert told.exit_code == 0, told.output
    assert "fk_grants_groups" in ask(standing_in, "SELECT conname FROM pg_constraint")
