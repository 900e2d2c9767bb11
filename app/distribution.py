"""Spreading a filled PostgreSQL database over the nodes of Citus: ``flask --app wsgi distribute``.

Every table of a tenant is distributed by ``organization_id``, all in step, so that what belongs to one
organization lies on one node; what all organizations share is copied to every node. Each step is a
transaction of its own: stopped anywhere, another run goes on from there.
Source: docs/scaling.md, docs/decisions.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ForeignKeyConstraint, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
from sqlalchemy.schema import AddConstraint, DropConstraint

from app.tenancy import tables_above, tenant_tables

VERSIONS = "alembic_version"
"""Shared too, so that every node can tell which schema it has (``/readyz``)."""


class CannotDistribute(Exception):
    """The database is not one that can be distributed now; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class State:
    """How far a database is distributed.

    ``tables`` has every table with its kind: ``local``, ``reference`` or ``distributed``; ``keys`` the
    foreign keys that exist, as (table, name); ``leftovers`` the tables whose rows of before still take
    space on the coordinator.
    """

    tables: Mapping[str, str]
    keys: frozenset[tuple[str, str]]
    leftovers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction: what it does, in words and in SQL; ``moves`` is the table whose rows it moves."""

    text: str
    sql: str
    moves: str | None = None


def why_not(session: Session) -> str | None:
    """Answer why there is nothing to distribute here, None where there is."""
    if session.get_bind().dialect.name != "postgresql":
        return "this is SQLite. Only PostgreSQL with the Citus extension can be distributed."
    extension = "SELECT count(*) FROM pg_extension WHERE extname = 'citus'"
    if not session.execute(text(extension)).scalar_one():
        return "this PostgreSQL does not have the Citus extension (CREATE EXTENSION citus)."
    return None


def check_cluster(session: Session) -> int:
    """Answer how many nodes hold shards; raises ``CannotDistribute`` where it is not possible here."""
    if not session.execute(text("SELECT citus_is_coordinator()")).scalar_one():
        raise CannotDistribute("This is a worker node: name the coordinator in DATABASE_URL.")
    nodes = "SELECT count(*) FROM pg_dist_node WHERE isactive AND shouldhaveshards"
    found: int = session.execute(text(nodes)).scalar_one()
    if not found:
        raise CannotDistribute("Citus has no node for the data: add one with citus_add_node().")
    return found


def read_state(session: Session) -> State:
    """Answer how far the database is distributed; raises ``CannotDistribute`` if a table is missing."""
    tables: dict[str, str] = dict(iter(session.execute(text(_TABLES))))
    sizes: dict[str, int] = dict(iter(session.execute(text(_SIZES))))
    missing = {*_wanted(), VERSIONS} - set(sizes)
    if missing:
        raise CannotDistribute(f"There is no table {min(missing)}: run 'db upgrade' first.")
    kinds = {name: tables.get(name, "local") for name in _wanted()}
    return State(
        kinds,
        frozenset((row.table_name, row.name) for row in session.execute(text(_KEYS))),
        frozenset(name for name, kind in kinds.items() if kind != "local" and sizes[name]),
    )


_TABLES = """
SELECT c.relname,
       CASE WHEN p.partmethod = 'h' THEN 'distributed'
            WHEN p.partmethod = 'n' AND p.repmodel = 't' THEN 'reference'
            ELSE 'local' END
  FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
 WHERE c.relnamespace = current_schema()::regnamespace"""

_SIZES = """
SELECT relname, pg_relation_size(oid)
  FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"""

_KEYS = """
SELECT c.relname AS table_name, k.conname AS name
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
 WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace"""


def _wanted() -> dict[str, str]:
    """Answer every table and the kind that it is to have; what others refer to comes first."""
    shared = [VERSIONS, *(table.name for table in tables_above())]
    own = [table.name for table in tenant_tables()]
    return dict.fromkeys(shared, "reference") | dict.fromkeys(own, "distributed")


def plan(state: State) -> list[Step]:
    """Answer the steps that are left to do, in order; none where all is done.

    Foreign keys go first and come back last: Citus cannot convert a table while another one, not yet
    converted, refers to it. They are known from the models: a run that was stopped loses none. Raises
    ``CannotDistribute`` where a table is of the wrong kind.
    """
    wanted = _wanted()
    pending = [name for name, kind in wanted.items() if state.tables[name] != kind]
    for name in pending:
        if state.tables[name] != "local":
            raise CannotDistribute(
                f"{name} is a {state.tables[name]} table and is to be {wanted[name]}:"
                f" undo that first, SELECT undistribute_table('{name}')."
            )
    moving = {*pending, *state.leftovers}
    keys = _foreign_keys()
    dropped = [
        key for key in keys if _name(key) in state.keys and moving & {*_name(key)[:1], _target(key)}
    ]
    lost = [key for key in keys if _name(key) not in state.keys or key in dropped]
    return [
        *(
            Step(
                f"{_text(key)}: dropped for a while",
                _ddl(DropConstraint(key)),
            )
            for key in dropped
        ),
        *_conversions(state, pending),
        *(_tidying(name) for name in wanted if name in moving),
        *(
            Step(f"{_text(key)}: in place", _ddl(AddConstraint(key, isolate_from_table=False)))
            for key in lost
        ),
    ]


def _conversions(state: State, pending: Iterable[str]) -> Iterable[Step]:
    """Answer the steps that make each of ``pending`` what it is to be, side by side with the others."""
    own = [table.name for table in tenant_tables()]
    done = [name for name in own if state.tables[name] == "distributed"]
    beside = next(iter([*done, *own]))
    for name in pending:
        if name not in own:
            yield Step(f"{name}: on every node", f"SELECT create_reference_table('{name}')", name)
            continue
        place = "none" if name == beside else beside
        yield Step(
            f"{name}: distributed by organization_id",
            f"SELECT create_distributed_table('{name}', 'organization_id', colocate_with => '{place}')",
            name,
        )


def _tidying(name: str) -> Step:
    return Step(
        f"{name}: the copy of before removed from the coordinator",
        f"SELECT truncate_local_data_after_distributing_table('{name}')",
    )


def take(session: Session, step: Step) -> int | None:
    """Carry out ``step``; answers how many rows it moved, if it moved any table.

    Raises ``CannotDistribute``, and so undoes the step, where rows were lost on the way.
    """
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(text("SET LOCAL lock_timeout = 0"))
    if step.moves is None:
        session.execute(text(step.sql))
        return None
    session.execute(text(f"LOCK TABLE {step.moves} IN EXCLUSIVE MODE"))
    before = _count(session, step.moves)
    session.execute(text(step.sql))
    after = _count(session, step.moves)
    if after != before:
        raise CannotDistribute(f"{step.moves} had {before} rows and would have {after}.")
    return before


def _count(session: Session, table: str) -> int:
    rows: int = session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608 - a table of ours
    return rows


def _foreign_keys() -> list[ForeignKeyConstraint]:
    """Answer the foreign keys of all tables, as the models have them, in a fixed order."""
    return [
        key
        for table in [*tables_above(), *tenant_tables()]
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name))
    ]


def _name(key: ForeignKeyConstraint) -> tuple[str, str]:
    return key.table.name, str(key.name)


def _target(key: ForeignKeyConstraint) -> str:
    return key.referred_table.name


def _text(key: ForeignKeyConstraint) -> str:
    return f"foreign key {key.table.name} -> {_target(key)}"


def _ddl(element: AddConstraint | DropConstraint) -> str:
    return str(element.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
