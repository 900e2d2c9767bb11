"""No statement forgets its organization, and the engines refuse a reference to another one's row.

What the whole run emits is read by ``tests/tenancy.py``; here it is shown to see, and to tell right from
wrong. Sources: CONTRACT 1, DESIGN 3.
"""

import ast
from datetime import date, datetime
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    ForeignKeyConstraint,
    String,
    Table,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError

from app.db import Base, db
from app.tenancy import tables_above, tenant_tables
from tests.tenancy import EXCEPTIONS, ROOT, Watch, faults
from tests.world import World

TENANTS = frozenset(table.name for table in tenant_tables())
ORGANIZATION = "organization_id"
REFERENCES = [
    pytest.param(table, key, id=f"{table.name} to {key.referred_table.name}")
    for table in tenant_tables()
    for key in sorted(table.foreign_key_constraints, key=lambda key: key.referred_table.name)
    if len(key.column_keys) > 1
]
NEW_IDS = count(10**9)

GOOD = [
    "SELECT id FROM units WHERE organization_id = %(o)s AND id = 1",
    (
        "SELECT u.id FROM units AS u JOIN groups AS g ON g.organization_id = u.organization_id "
        "AND g.id = u.group_id WHERE u.organization_id = %(o)s FOR NO KEY UPDATE OF u"
    ),
    (
        "SELECT id FROM units WHERE organization_id = %(o)s AND group_id IN "
        "(SELECT group_id FROM grants WHERE grants.organization_id = CAST(%(o)s AS BIGINT))"
    ),
    "SELECT id FROM clients WHERE client_id = %(c)s",
    (
        "UPDATE units SET name = r.name FROM json_to_recordset(%(rows)s) AS r(id BIGINT, name VARCHAR) "
        "WHERE units.organization_id = %(o)s AND units.id = r.id"
    ),
    "DELETE FROM units WHERE organization_id = %(o)s AND id = 1",
    "INSERT INTO units (organization_id, name) VALUES (%(o)s, %(n)s) ON CONFLICT DO NOTHING",
    "COPY units (name, organization_id) FROM STDIN (FORMAT BINARY)",
    "INSERT INTO units (organization_id, name) SELECT %(o)s, name FROM unnest(%(n)s) AS r(name)",
]
BAD = {
    "no condition": "SELECT id FROM units",
    "by id alone": "SELECT id FROM units WHERE id = %(id)s",
    "only where something else holds": "SELECT id FROM units WHERE organization_id = %(o)s OR id = 1",
    "a constant": "SELECT id FROM units WHERE organization_id = 1",
    "several organizations": "SELECT id FROM units WHERE organization_id IN (%(a)s, %(b)s) FOR UPDATE",
    "any but one": "SELECT id FROM units WHERE organization_id != %(o)s",
    "a join without it": "SELECT u.id FROM units u JOIN groups g ON g.id = u.group_id "
    "WHERE u.organization_id = %(o)s",
    "a join that compares it with itself": "SELECT u.id FROM units u JOIN groups g "
    "ON g.organization_id = g.organization_id WHERE u.organization_id = %(o)s",
    "one of two in FROM": "SELECT u.id FROM units u, groups g WHERE u.organization_id = %(o)s",
    "a sub-select without it": "SELECT id FROM units WHERE organization_id = %(o)s AND group_id IN "
    "(SELECT group_id FROM grants WHERE client_id = 1)",
    "half of a union": "SELECT id FROM units WHERE organization_id = %(o)s "
    "UNION ALL SELECT id FROM units",
    "an update": "UPDATE units SET name = %(n)s WHERE id = 1",
    "an update of it": "UPDATE units SET organization_id = %(p)s WHERE organization_id = %(o)s",
    "an update by the server's clock": "UPDATE units SET updated_at = now() "
    "WHERE organization_id = %(o)s",
    "an update by chance": "UPDATE units SET name = gen_random_uuid() WHERE organization_id = %(o)s",
    "a delete": "DELETE FROM units WHERE id = 1",
    "a delete with another table": "DELETE FROM units USING groups "
    "WHERE units.organization_id = %(o)s AND groups.id = units.group_id",
    "an insert": "INSERT INTO units (name) VALUES (%(n)s)",
    "a copy": "COPY units (id, name) FROM STDIN (FORMAT BINARY)",
    "an insert of a constant": "INSERT INTO units (organization_id, name) VALUES (1, %(n)s)",
    "an insert of another column": "INSERT INTO units (organization_id, name) "
    "SELECT r.o, r.n FROM json_to_recordset(%(rows)s) AS r(o BIGINT, n VARCHAR)",
    "a sub-select in VALUES": "INSERT INTO item_units (organization_id, item_id) VALUES (%(o)s, "
    "(SELECT id FROM items WHERE organization_id = %(o)s AND reference = %(r)s))",
    "a MERGE": "MERGE INTO units USING groups ON TRUE WHEN MATCHED THEN DELETE",
    "a trigger": "CREATE TRIGGER t BEFORE UPDATE ON groups FOR EACH ROW EXECUTE FUNCTION f()",
    "a setting": "SELECT id FROM units WHERE organization_id = current_setting('app.org')::bigint",
    "an advisory lock": "SELECT pg_advisory_xact_lock(%(o)s)",
    "a TRUNCATE": "TRUNCATE units",
    "nonsense": "SELECT FROM units WHERE (",
}


@pytest.mark.parametrize("statement", GOOD)
def test_a_statement_that_names_its_organization_passes(statement: str) -> None:
    assert faults(statement, "postgresql", TENANTS) == []


@pytest.mark.parametrize("statement", BAD.values(), ids=BAD.keys())
def test_a_statement_that_does_not_is_found(statement: str) -> None:
    assert faults(statement, "postgresql", TENANTS) != []


def planted(statement: str) -> Any:
    """Answer a function that sends ``statement`` and seems to stand in the application."""
    names: dict[str, Any] = {}
    source = "def send(session, statement, values):\n    session.execute(statement, values)\n"
    exec(compile(source, str(ROOT / "app/planted.py"), "exec"), names)
    return lambda session, values: names["send"](session, text(statement), values)


def test_a_bad_statement_of_the_application_is_caught_where_it_is_sent(world: World) -> None:
    with world.app.app_context():
        planted("SELECT id FROM units WHERE id = :id")(db.session, {"id": 1})
        db.session.remove()

    (found,) = Watch.take()
    assert found.startswith("app/planted.py send: units is not bound")


def test_a_good_one_and_one_of_the_tests_are_not(world: World) -> None:
    good = "SELECT id FROM units WHERE organization_id = :o AND id = :id"
    with world.app.app_context():
        planted(good)(db.session, {"o": 1, "id": 1})
        db.session.execute(text("SELECT id FROM units"))
        db.session.remove()

    assert Watch.take() == []


def test_what_requests_send_is_read(world: World) -> None:
    Watch.seen.clear()
    world.put_units({"identifier": "PACKET"})

    engine = "sqlite" if "sqlite" in world.app.config["SQLALCHEMY_DATABASE_URI"] else "postgresql"
    assert {
        word for statement, dialect in Watch.seen if dialect == engine for word in statement.split()
    } >= {
        "groups",
        "units",
        "organizations",
    }


def test_the_exceptions_are_functions_that_exist() -> None:
    for name in EXCEPTIONS:
        file, function = name.split(" ")
        tree = ast.parse((ROOT / file).read_text())
        assert function in {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}, name


def test_three_tables_stand_above_the_tenants_and_no_other() -> None:
    assert {table.name for table in tables_above()} == {
        "organizations",
        "clients",
        "revoked_tokens",
    }
    assert all(ORGANIZATION in table.columns for table in tenant_tables())


def test_every_key_of_a_tenant_table_leads_with_the_organization(migrated_app: Flask) -> None:
    with migrated_app.app_context():
        inspector = inspect(db.engine)
        for table in TENANTS:
            keys = [index["column_names"] for index in inspector.get_indexes(table)]
            keys += [key["column_names"] for key in inspector.get_unique_constraints(table)]
            primary = inspector.get_pk_constraint(table)["constrained_columns"]
            # SQLite makes ids only where the id alone is the primary key.
            if db.engine.dialect.name == "postgresql" or primary != ["id"]:
                keys.append(primary)
            assert keys
            assert {key[0] for key in keys} == {ORGANIZATION}, table


def test_every_foreign_key_of_a_tenant_table_leads_with_the_organization(
    migrated_app: Flask,
) -> None:
    with migrated_app.app_context():
        inspector = inspect(db.engine)
        for table in TENANTS:
            keys = inspector.get_foreign_keys(table)
            assert keys, f"{table}: nothing keeps its organization true"
            for key in keys:
                to_organization = key["referred_table"] == "organizations"
                assert key["constrained_columns"][0] == ORGANIZATION, key
                assert key["referred_columns"][0] == "id" if to_organization else ORGANIZATION, key
                # Citus refuses it: it would set the organization to null as well.
                assert "SET" not in (key["options"].get("ondelete") or ""), key


def test_ids_are_bigint_and_there_are_no_triggers_views_or_functions(migrated_app: Flask) -> None:
    with migrated_app.app_context(), db.engine.connect() as connection:
        inspector = inspect(connection)
        # Citus itself brings some views.
        assert [v for v in inspector.get_view_names() if not v.startswith("citus_")] == []
        if connection.dialect.name == "sqlite":
            kinds = set(connection.scalars(text("SELECT type FROM sqlite_master")))
            assert kinds == {"table", "index"}
            return
        triggers = (
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace"
        )
        functions = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        assert [*connection.scalars(text(triggers)), *connection.scalars(text(functions))] == []
        for table in Base.metadata.sorted_tables:
            for column in inspector.get_columns(table.name):
                is_id = column["name"] == "id" or column["name"].endswith("_id")
                if is_id and not isinstance(column["type"], String):
                    assert str(column["type"]) == "BIGINT", (table, column)


@pytest.fixture(name="filled")
def _filled(world: World) -> World:
    """Answer a world in which both organizations have a row of every table that others refer to."""
    unit = {"identifier": "PACKET"}
    world.put_units(unit)
    theirs = world.token_for("entity2-all")
    group = world.their_groups["theirs"]
    answer = world.post("/units/multiple", {"group_id": group, "units": [unit]}, theirs)
    assert answer.json["summary"]["created"] == 1
    return world


def a_row(table: Table, organizations: dict[str, int]) -> dict[str, Any]:
    """Answer a new row of ``table``; each reference is to a row of the organization named for it.

    ``organizations`` has the organization of the row itself under "", and may have another one under
    the name of a table that is referred to.
    """
    own = organizations[""]
    row = {column.name: a_value(column.type) for column in table.columns if not column.nullable}
    for key in table.foreign_key_constraints:
        target = key.referred_table
        for name, element in zip(key.column_keys, key.elements, strict=True):
            if name != ORGANIZATION:
                row[name] = an_id(target, organizations.get(target.name, own), element.column.name)
    return row | {ORGANIZATION: own} | ({"id": next(NEW_IDS)} if "id" in table.columns else {})


def a_value(kind: Any) -> Any:
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, DateTime):
        return datetime(2026, 1, 1)
    if isinstance(kind, Date):
        return date(2026, 1, 1)
    return f"text {next(NEW_IDS)}" if isinstance(kind, String) else 1


def an_id(table: Table, organization: int, column: str) -> Any:
    found = select(table.c[column]).where(table.c[ORGANIZATION] == organization).limit(1)
    value = db.session.execute(found.order_by(table.c[column].desc())).scalar_one()
    db.session.rollback()
    return value


def organization_ids() -> tuple[int, int]:
    ours, theirs = db.session.scalars(text("SELECT id FROM organizations ORDER BY name"))
    db.session.rollback()
    return ours, theirs


@pytest.mark.parametrize(("table", "key"), REFERENCES)
def test_the_engine_itself_refuses_a_reference_to_another_organizations_row(
    filled: World, table: Table, key: ForeignKeyConstraint
) -> None:
    with filled.app.app_context():
        ours, theirs = organization_ids()
        crossed = a_row(table, {"": ours, key.referred_table.name: theirs})
        with db.engine.connect() as connection:
            # The same row is fine when it refers to its own organization's.
            connection.execute(insert(table).values(a_row(table, {"": ours})))
        with pytest.raises(IntegrityError) as refused, db.engine.begin() as connection:
            connection.execute(insert(table).values(crossed))

    told = str(refused.value.orig).lower()
    assert "foreign key" in told
    if filled.app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
        assert str(key.name) in told
