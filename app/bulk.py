"""Set-based reads and writes: one statement for any number of rows, on both engines."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import chain
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
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from app.copying import AS_BINARY, DIALECT, copy_rows

Row = Mapping[str, Any]

Written = Mapping[type, Callable[[Any], Any]]
"""By a column's type, what is made of its values before the driver gets them."""

AS_TEXT: Written = {
    JSON: lambda value: orjson.dumps(value).decode(),
    # Most rows of a request share one time.
    DateTime: lru_cache(lambda moment: moment.isoformat(" ", "microseconds")),
    Date: date.isoformat,
}
"""How SQLite holds what it has no type for; as SQLAlchemy reads it back."""


def is_sqlite(session: Session) -> bool:
    """Tell whether ``session`` talks to SQLite rather than PostgreSQL."""
    return session.get_bind().dialect.name == "sqlite"


def is_one_of(
    session: Session,
    attribute: Column[Any],
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


def insert_rows(session: Session, table: Table, organization_id: int, rows: Iterable[Row]) -> None:
    """Insert ``rows`` of one organization, which all name the same columns, in one statement.

    They are taken one by one, and on PostgreSQL sent one by one.
    """
    remaining = iter(rows)
    first = next(remaining, None)
    if first is None:
        return
    every = chain([first], remaining)
    columns, connection = _columns(table, first), session.connection()
    if is_sqlite(session):
        names = ", ".join(column.name for column in columns)
        sql = (
            f"INSERT INTO {table.name} ({names}, organization_id)"  # noqa: S608 - names of ours
            f" VALUES ({', '.join('?' * len(columns))}, ?)"
        )
        values = _values(columns, every, organization_id, AS_TEXT)
        connection.exec_driver_sql(sql, list(values))
    else:
        values = _values(columns, every, organization_id, AS_BINARY)
        copy_rows(connection, table.name, [*columns, table.c.organization_id], values)


def update_rows(session: Session, table: Table, organization_id: int, rows: Sequence[Row]) -> None:
    """Set what ``rows`` say, each on the row with its ``id``, in one statement.

    All rows name the same columns.
    """
    if not rows:
        return
    columns = _columns(table, rows[0])
    names = [column.name for column in columns if column.name != "id"]
    if is_sqlite(session):
        sets = ", ".join(f"{name} = ?" for name in names)
        sql = f"UPDATE {table.name} SET {sets} WHERE id = ? AND organization_id = ?"  # noqa: S608
        values = _values(columns, rows, organization_id, AS_TEXT)
        session.connection().exec_driver_sql(sql, list(values))
    else:
        sets = ", ".join(f"{name} = new.{name}" for name in names)
        sql = (
            f"UPDATE {table.name} SET {sets} FROM {_recordset(columns)}"  # noqa: S608 - names of ours
            f" WHERE {table.name}.organization_id = :organization_id AND {table.name}.id = new.id"
        )
        session.execute(text(sql), {"organization_id": organization_id, "rows": _json(rows)})


def _recordset(columns: Sequence[Column[Any]]) -> str:
    """Answer SQL for rows that travel as one JSON text. Ours: docs/decisions.md."""
    members = ", ".join(f"{column.name} {column.type.compile(DIALECT)}" for column in columns)
    return f"json_to_recordset(CAST(:rows AS json)) AS new({members})"


def _json(rows: Sequence[Row]) -> str:
    return orjson.dumps(rows).decode()


def _columns(table: Table, row: Row) -> list[Column[Any]]:
    """Answer the columns that ``row`` names in the order of ``_values``: plain ones, others, the id."""
    return sorted(
        (table.c[name] for name in row),
        key=lambda column: (column.name == "id", isinstance(column.type, tuple(AS_TEXT))),
    )


def _values(
    columns: list[Column[Any]], rows: Iterable[Row], organization_id: int, written: Written
) -> Iterator[tuple[Any, ...]]:
    """Yield the values of each row, the organization last; ``written`` says what is made of a type."""
    # A row at a time, while it is in the processor's cache.
    others = [
        (column.name, write)
        for column in columns
        for kind, write in written.items()
        if isinstance(column.type, kind)
    ]
    plain = [column.name for column in columns[: -1 - len(others)]]
    for row in rows:
        yield (
            *[row[name] for name in plain],
            *[None if (value := row[name]) is None else write(value) for name, write in others],
            row["id"],
            organization_id,
        )
