"""Inserting rows on PostgreSQL by COPY. Ours: docs/decisions.md.

SQLAlchemy knows no COPY. It is done where SQLAlchemy would hand the statement to the driver, so that
errors, broken connections and whoever listens to statements are dealt with as ever.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import JSON, Column, Connection, Date, DateTime, Engine, event
from sqlalchemy.dialects import postgresql

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
"""For the names of types; one is made once, since it is large and ends in a cycle."""

OPTION = "copied_rows"
EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - UTC without a zone, as every time column holds it.
MICROSECOND = timedelta(microseconds=1)

AS_BINARY: dict[type, Callable[[Any], Any]] = {
    JSON: lambda value: orjson.dumps(value).decode(),
    # Most rows of a request share one time.
    DateTime: lru_cache(lambda moment: (moment - EPOCH) // MICROSECOND),
    Date: lambda day: (day - EPOCH.date()).days,
}
"""How the binary format holds what the driver would be slow to write: JSON as its text, a time and a day
as the number of them since 2000."""

WIRE_TYPES: dict[type, str] = {JSON: "text", DateTime: "int8", Date: "int4"}


class Rows(NamedTuple):
    """What is to be copied: the values of each row, and what types the driver writes them as."""

    types: Sequence[str]
    values: Iterable[Sequence[Any]]


def copy_rows(
    connection: Connection, table: str, columns: Sequence[Column[Any]], values: Iterable[Any]
) -> None:
    """Insert rows of these columns; the values of ``AS_BINARY``'s types are as that makes them.

    Raises SQLAlchemy's errors, as any statement does.
    """
    names = ", ".join(column.name for column in columns)
    rows = Rows([wire_type(column) for column in columns], values)
    connection.exec_driver_sql(
        f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)", execution_options={OPTION: rows}
    )


def wire_type(column: Column[Any]) -> str:
    """Answer the name of the type that the driver writes for ``column``."""
    named = (name for kind, name in WIRE_TYPES.items() if isinstance(column.type, kind))
    return next(named, None) or column.type.compile(DIALECT).lower()


def set_up(engine: Engine) -> None:
    """Teach ``engine`` to copy."""

    @event.listens_for(engine, "do_execute")
    def copy(cursor: Any, statement: str, _parameters: Any, context: Any) -> bool | None:
        """Carry out a statement that has rows to copy; None leaves any other to SQLAlchemy."""
        rows: Rows | None = context.execution_options.get(OPTION)
        if rows is None:
            return None
        with cursor.copy(statement) as target:
            target.set_types(rows.types)
            for values in rows.values:
                target.write_row(values)
        return True
