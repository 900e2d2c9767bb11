"""Set-based reads and writes: one statement for any number of rows, on both engines."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import repeat
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    Table,
    any_,
    bindparam,
    column,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.elements import ColumnElement

Row = Mapping[str, Any]

AS_TEXT: dict[type, Callable[[Any], str]] = {
    JSON: lambda value: orjson.dumps(value).decode(),
    DateTime: lambda moment: moment.isoformat(" ", "microseconds"),
    Date: date.isoformat,
}
"""How SQLite holds what it has no type for; as SQLAlchemy reads it back."""


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


def insert_rows(session: Session, table: Table, organization_id: int, rows: Sequence[Row]) -> None:
    """Insert ``rows`` of one organization, which all name the same columns, in one statement."""
    if not rows:
        return
    columns = [table.c[name] for name in rows[0]]
    names = ", ".join(column.name for column in columns)
    head = f"INSERT INTO {table.name} (organization_id, {names})"
    if is_sqlite(session):
        marks = ", ".join("?" * len(columns))
        sql = f"{head} VALUES (?, {marks})"
        values = zip(repeat(organization_id), *_by_column(columns, rows), strict=False)
        session.connection().exec_driver_sql(sql, list(values))
    else:
        source = f"SELECT CAST(:organization_id AS bigint), {names} FROM {_recordset(columns)}"  # noqa: S608
        parameters = {"organization_id": organization_id, "rows": _json(rows)}
        session.execute(text(f"{head} {source}"), parameters)


def update_rows(
    session: Session,
    table: Table,
    organization_id: int,
    rows: Sequence[Row],
    but: Sequence[str] = (),
) -> None:
    """Set what ``rows`` say, each on the row with its ``id``, in one statement.

    All rows name the same columns; those in ``but`` stay as they are.
    """
    if not rows:
        return
    columns = [table.c[name] for name in rows[0] if name != "id" and name not in but]
    if is_sqlite(session):
        sets = ", ".join(f"{column.name} = ?" for column in columns)
        sql = f"UPDATE {table.name} SET {sets} WHERE id = ? AND organization_id = ?"  # noqa: S608
        values = zip(
            *_by_column([*columns, table.c.id], rows), repeat(organization_id), strict=False
        )
        session.connection().exec_driver_sql(sql, list(values))
    else:
        sets = ", ".join(f"{column.name} = new.{column.name}" for column in columns)
        sql = (
            f"UPDATE {table.name} SET {sets} FROM {_recordset([*columns, table.c.id])}"  # noqa: S608 - names of ours
            f" WHERE {table.name}.organization_id = :organization_id AND {table.name}.id = new.id"
        )
        session.execute(text(sql), {"organization_id": organization_id, "rows": _json(rows)})


def _recordset(columns: Sequence[Column[Any]]) -> str:
    """Answer SQL for rows that travel as one JSON text: the least work for both sides."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    members = ", ".join(f"{column.name} {column.type.compile(dialect)}" for column in columns)
    return f"json_to_recordset(CAST(:rows AS json)) AS new({members})"


def _json(rows: Sequence[Row]) -> str:
    return orjson.dumps(rows).decode()


def _by_column(columns: Sequence[Column[Any]], rows: Sequence[Row]) -> list[list[Any]]:
    """Answer the values of each column as SQLite holds them: text for what is no number or text."""
    by_column = [list(map(itemgetter(each.name), rows)) for each in columns]
    for values, each in zip(by_column, columns, strict=True):
        write = next((w for kind, w in AS_TEXT.items() if isinstance(each.type, kind)), None)
        if write is not None:
            values[:] = [None if value is None else write(value) for value in values]
    return by_column
