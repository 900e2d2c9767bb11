"""Every SQL statement of the application is read: each names its organization, and Citus could run it.

``watch`` listens to all engines. What the tests themselves ask is passed over: the innermost frame of
the project must be in ``app/``. A statement is parsed once, however often it is sent.
Sources: CONTRACT 1, DESIGN 3.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import sqlglot
from sqlalchemy import Engine, event
from sqlglot import exp

from app.tenancy import tenant_tables

ROOT = Path(__file__).parent.parent
ORGANIZATION = "organization_id"
DIALECTS = {"postgresql": "postgres", "sqlite": "sqlite"}

EXCEPTIONS = {
    "app/units/commands.py find_caller": "an operator names a group, and asks whose it is",
    "app/distribution.py _count": "an operator's command moves the rows of all organizations",
}
"""Who may leave the organization out, as ``app/file.py function``, and why."""

REFUSED = {
    "a session setting or advisory lock as a filter or lock": r"current_setting\(|pg_\w*advisory",
    "MERGE": r"^\s*MERGE\b",
    "a trigger": r"\bCREATE\s+(OR\s+REPLACE\s+)?(CONSTRAINT\s+)?TRIGGER\b",
    "TRUNCATE": r"^\s*TRUNCATE\b",
}
"""What a distributed PostgreSQL refuses, or what would not hold there, in any statement."""

VOLATILE = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|random|gen_random_uuid"
    r"|uuid_generate_v\w+)\s*\(|\b(current_timestamp|current_date|current_time|localtimestamp)\b",
    re.IGNORECASE,
)
PARAMETER_NAMES = re.compile(r"%\(\w+\)s")

COPY = re.compile(r"COPY (?P<table>\w+) \((?P<columns>[^)]*)\) FROM STDIN")
"""Its values travel apart from the statement; ``bulk.insert_rows`` puts the organization into each."""

Sourced = exp.Select | exp.Update | exp.Delete


def faults(statement: str, dialect: str, tables: frozenset[str]) -> list[str]:
    """Answer what is wrong with ``statement``; ``tables`` belong to a tenant.

    ``dialect`` is SQLAlchemy's name of the engine.
    """
    told = [name for name, shape in REFUSED.items() if re.search(shape, statement, re.IGNORECASE)]
    bare = PARAMETER_NAMES.sub("?", statement)
    if told or bare.startswith("LOCK ") or not any(re.search(rf"\b{t}\b", bare) for t in tables):
        return told
    if copied := COPY.match(statement):
        return [*_copy_faults(copied["table"], copied["columns"].split(", "))]
    try:
        tree = sqlglot.parse_one(statement, dialect=DIALECTS[dialect])
    except sqlglot.ParseError as error:
        return [f"cannot be read: {error}"]
    return [*_read(tree, tables), *_clock_faults(tree, bare)]


def _read(tree: exp.Expression, tables: frozenset[str]) -> Iterator[str]:
    if isinstance(tree, exp.Command):
        yield "cannot be read"
    for node in tree.find_all(exp.Select, exp.Update, exp.Delete):
        yield from _unbound(node, tables)
    for insert in tree.find_all(exp.Insert):
        yield from _insert_faults(insert, tables)
    for update in tree.find_all(exp.Update):
        if any(_is_organization(each.this) for each in update.expressions):
            yield "an UPDATE moves a row to another organization"


def _clock_faults(tree: exp.Expression, bare: str) -> Iterator[str]:
    if not isinstance(tree, exp.Query) and VOLATILE.search(bare):
        yield "a write calls now(), random() or their kin"


def _unbound(node: Sourced, tables: frozenset[str]) -> Iterator[str]:
    """Answer the tenant tables in FROM and JOIN that are not bound to a parameter."""
    listed = [*_from(node)]
    joins = [join for part in (node, *listed) for join in part.args.get("joins") or ()]
    known: set[str] = set()
    where = _conjuncts(node.args.get("where"))
    alone = len(listed) + len(joins) == 1
    for source, conditions in [
        *((each, where) for each in listed),
        *((join.this, _conjuncts(join.args.get("on")) or where) for join in joins),
    ]:
        if not isinstance(source, exp.Table) or source.name not in tables:
            continue
        if not any(_binds(each, source.alias_or_name, known, alone) for each in conditions):
            yield f"{source.name} is not bound to {ORGANIZATION} = a parameter"
        known.add(source.alias_or_name)


def _from(node: Sourced) -> Iterator[exp.Expression]:
    if not isinstance(node, exp.Select):
        yield node.this
    if node.args.get("from_"):
        yield node.args["from_"].this
    yield from node.args.get("using") or ()


def _conjuncts(clause: exp.Expression | None) -> list[exp.Expression]:
    """Answer the conditions that all must hold."""
    if clause is None:
        return []
    condition = clause.this if isinstance(clause, exp.Where) else clause
    return list(condition.flatten()) if isinstance(condition, exp.And) else [condition]


def _binds(condition: exp.Expression, alias: str, known: set[str], alone: bool) -> bool:
    """Tell whether ``condition`` holds the table to a parameter, or to a table that is held to one."""
    condition = condition.unnest()
    if not isinstance(condition, exp.EQ):
        return False
    for own, other in (
        (condition.left, condition.right),
        (condition.right, condition.left),
    ):
        is_own = _is_organization(own) and (own.table == alias or (alone and not own.table))
        if is_own and (_is_parameter(other) or (_is_organization(other) and other.table in known)):
            return True
    return False


def _is_organization(node: exp.Expression) -> bool:
    return isinstance(node, exp.Column) and node.name == ORGANIZATION


def _is_parameter(node: exp.Expression) -> bool:
    while isinstance(node, exp.Cast | exp.Paren | exp.Alias):
        node = node.this
    return isinstance(node, exp.Placeholder | exp.Parameter)


def _insert_faults(insert: exp.Insert, tables: frozenset[str]) -> Iterator[str]:
    schema, source = insert.this, insert.expression
    table = schema.this if isinstance(schema, exp.Schema) else schema
    if table.name not in tables:
        return
    names = [column.name for column in schema.expressions]
    if ORGANIZATION not in names:
        yield f"INSERT INTO {table.name} without {ORGANIZATION}"
        return
    place = names.index(ORGANIZATION)
    if isinstance(source, exp.Values):
        rows = [row.expressions for row in source.expressions]
        if source.find(exp.Select):
            yield "a sub-SELECT inside INSERT VALUES"
    else:
        rows = [select.expressions for select in source.find_all(exp.Select) if select is source]
    if not rows or not all(_is_parameter(row[place]) for row in rows):
        yield f"INSERT INTO {table.name}: {ORGANIZATION} is no parameter"


def _copy_faults(table: str, columns: Sequence[str]) -> Iterator[str]:
    if ORGANIZATION not in columns:
        yield f"COPY {table} without {ORGANIZATION}"


class Watch:
    """What was wrong with the statements since it was last asked."""

    _found: ClassVar[list[str]] = []
    seen: ClassVar[set[tuple[str, str]]] = set()
    """Every distinct statement of the application, with the engine that got it."""

    @classmethod
    def take(cls) -> list[str]:
        """Answer the faults that were found, each with who sent the statement, and forget them."""
        found, cls._found = cls._found, []
        return found

    @classmethod
    def note(cls, statement: str, dialect: str) -> None:
        """Check a statement that is about to be sent, if the application sends it."""
        told = _verdict(statement, dialect)
        if told or (statement, dialect) not in cls.seen:
            sender = find_sender()
            if sender is None:
                return
            cls.seen.add((statement, dialect))
            if sender not in EXCEPTIONS:
                cls._found += [f"{sender}: {fault}\n{statement}" for fault in told]


@cache
def _verdict(statement: str, dialect: str) -> tuple[str, ...]:
    return tuple(faults(statement, dialect, frozenset(table.name for table in tenant_tables())))


def find_sender() -> str | None:
    """Answer the function of the application that sends what is being sent; None if a test does."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(f"{ROOT}/") and "/.venv/" not in file and file != __file__:
            name = file.removeprefix(f"{ROOT}/")
            return f"{name} {frame.f_code.co_name}" if name.startswith("app/") else None
        frame = frame.f_back  # type: ignore[assignment]
    return None


def watch() -> None:
    """Read every statement of every engine from now on."""

    @event.listens_for(Engine, "before_cursor_execute")
    def note(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        Watch.note(statement, connection.dialect.name)


def report(found: Iterable[str]) -> str:
    """Answer the faults as a text to read."""
    return "\n\n".join(dict.fromkeys(found))
