"""Set-based reads and writes: one statement for any number of rows, on both engines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import JSON, Column, Table, any_, bindparam, column, func, insert, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.elements import ColumnElement

Row = Mapping[str, Any]


def is_sqlite(session: Session) -> bool:
    """Tell whether ``session`` talks to SQLite rather than PostgreSQL."""
    return session.get_bind().dialect.name == "sqlite"


def is_one_of(
    session: Session,
    attribute: InstrumentedAttribute[Any] | Column[Any],
    values: Iterable[str | int],
) -> ColumnElement[bool]:
    """Answer the condition that a column holds one of ``values``: one parameter, any number."""
    wanted = list(values)
    if is_sqlite(session):
        listed = func.json_each(orjson.dumps(wanted).decode()).table_valued("value")
        return attribute.in_(select(listed.c.value))
    return attribute == any_(bindparam(None, wanted, postgresql.ARRAY(attribute.type)))


def reserve_ids(session: Session, table: Table, count: int) -> Sequence[int]:
    """Answer ``count`` new ids of ``table`` in ascending order; nobody else gets them.

    On SQLite the caller holds the write lock, and the rows must be inserted in this transaction.
    """
    if not count:
        return []
    if is_sqlite(session):
        last: int = session.execute(
            select(func.coalesce(func.max(column("seq")), 0))
            .select_from(text("sqlite_sequence"))
            .where(column("name") == table.name)
        ).scalar_one()
        return range(last + 1, last + 1 + count)
    series = text(f"SELECT nextval('{table.name}_id_seq') FROM generate_series(1, :count)")  # noqa: S608 - a table of ours
    return sorted(session.execute(series, {"count": count}).scalars())


def insert_rows(session: Session, table: Table, rows: Sequence[Row]) -> None:
    """Insert ``rows``, which all name the same columns."""
    if not rows:
        return
    if is_sqlite(session):
        session.execute(insert(table), rows)
        return
    columns = [table.c[name] for name in rows[0]]
    names = ", ".join(column.name for column in columns)
    statement = (
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {_unnest(columns)} AS new({names})"  # noqa: S608 - names of ours
    )
    session.execute(text(statement), _arrays(columns, rows))


def update_rows(session: Session, table: Table, organization_id: int, rows: Sequence[Row]) -> None:
    """Set what ``rows`` say, each on the row with its ``id``; all name the same columns."""
    if not rows:
        return
    columns = [table.c[name] for name in rows[0]]
    names = ", ".join(column.name for column in columns)
    changed = [column.name for column in columns if column.name != "id"]
    if is_sqlite(session):
        assignments = ", ".join(f"{name} = :{name}" for name in changed)
        statement = text(
            f"UPDATE {table.name} SET {assignments}"  # noqa: S608 - names of ours
            " WHERE organization_id = :organization_id AND id = :id"
        ).bindparams(*[bindparam(column.name, type_=column.type) for column in columns])
        session.execute(statement, [{"organization_id": organization_id, **row} for row in rows])
        return
    assignments = ", ".join(f"{name} = changed.{name}" for name in changed)
    statement = text(
        f"UPDATE {table.name} SET {assignments} FROM {_unnest(columns)} AS changed({names})"  # noqa: S608 - names of ours
        f" WHERE {table.name}.organization_id = :organization_id AND {table.name}.id = changed.id"
    )
    session.execute(statement, {"organization_id": organization_id} | _arrays(columns, rows))


def _unnest(columns: Sequence[Column[Any]]) -> str:
    """Answer SQL for the rows of ``columns``, sent as one array a column."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    arrays = (f"CAST(:{column.name} AS {column.type.compile(dialect)}[])" for column in columns)
    return f"unnest({', '.join(arrays)})"


def _arrays(columns: Sequence[Column[Any]], rows: Sequence[Row]) -> dict[str, list[Any]]:
    return {column.name: [_plain(column, row[column.name]) for row in rows] for column in columns}


def _plain(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, JSON) and value is not None:
        return orjson.dumps(value).decode()
    return value
