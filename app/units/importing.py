"""Importing units from a file: CSV or NDJSON, the same upsert, and the failed rows kept for another go.

What a cell means is ours: docs/decisions.md.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import orjson

from app.strict_json import parse_object
from app.units.answers import count_actions
from app.units.claims import Claims
from app.units.errors import InvalidJson
from app.units.matching import Reject
from app.units.rows import BLANK, BLANK_ADDRESS
from app.units.schemas import load_row
from app.units.stream import CHUNK, Upsert

REASON = "failure_reason"
"""The column or member that a file of failed rows has besides; it is passed over when read."""

INTEGERS = ("number_of_bedrooms",)
NUMBERS = ("number_of_bathrooms", "sqft", "latitude", "longitude")
WORDS = {"true": True, "false": False}


class UnusableFile(Exception):
    """The file as a whole cannot be imported; the text says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the file: as it stood there, and the row of a request that it means."""

    source: Any
    row: dict[str, Any] | Reject
    end: int
    """How far into the file it ends, in bytes or characters, for the progress bar."""


def import_units(
    records: Iterable[Record], upsert: Upsert, keep: Callable[[Any, str], None]
) -> Iterator[tuple[int, Counter[str]]]:
    """Carry out ``records`` in chunks; answers after each how far it came and what its rows did.

    ``upsert`` carries out a chunk in a transaction of its own; ``keep`` gets each failed row as it stood
    in the file, and why it failed.
    """
    first, remaining = 0, iter(records)
    with Claims() as claims:
        while chunk := list(islice(remaining, CHUNK)):
            _, planned = upsert(claims, first, [record.row for record in chunk])
            claims.note(planned)
            for record, step in zip(chunk, planned.steps, strict=True):
                if isinstance(step, Reject):
                    keep(record.source, step.message)
            yield chunk[-1].end, count_actions(planned)
            first += len(chunk)


def read_ndjson(file: IO[bytes]) -> Iterator[Record]:
    """Answer the records of a file with one JSON object a line."""
    end = 0
    for line in file:
        end += len(line)
        if line.strip():
            yield Record(line, load_ndjson(line), end)


def load_ndjson(line: bytes) -> dict[str, Any] | Reject:
    """Answer the row in a line, or why it fails."""
    try:
        row = parse_object(line, InvalidJson)
    except InvalidJson as error:
        return Reject("invalid_json", error.message.replace("request body", "line"))
    row.pop(REASON, None)
    return load_row(row)


def read_csv(file: IO[bytes]) -> tuple[list[str], Iterator[Record]]:
    """Answer the header of a CSV file and its records; a byte-order mark, as Excel writes it, is fine.

    Raises ``UnusableFile`` for a header with unknown or repeated columns.
    """
    lines = (line.decode() for line in file)
    header_line = next(lines, "").removeprefix("\ufeff")
    delimiter = max(",;\t", key=header_line.count)
    header = [name.strip() for name in next(csv.reader([header_line], delimiter=delimiter), [])]
    paths = [find_column(name) for name in header]
    repeated = [name for name, count in Counter(paths).items() if count > 1]
    if repeated:
        raise UnusableFile(f"The column {repeated[0][-1]} stands twice.")
    return header, csv_records(csv.reader(lines, delimiter=delimiter), paths)


def csv_records(rows: Iterable[list[str]], paths: Sequence[tuple[str, ...]]) -> Iterator[Record]:
    """Answer the records in the ``rows`` of a CSV file, whose columns stand for ``paths``."""
    end = 0
    for cells in rows:
        end += sum(map(len, cells)) + len(cells) + 1
        if not any(cells):
            continue
        if len(cells) != len(paths):
            reason = f"The row has {len(cells)} cells and the header {len(paths)}."
            yield Record(cells, Reject("invalid_unit", reason), end)
        else:
            yield Record(cells, load_row(to_row(zip(paths, cells, strict=True))), end)


def find_column(name: str) -> tuple[str, ...]:
    """Answer what the column ``name`` stands for: a field, or a field of the address."""
    bare = name.removeprefix("address.")
    if bare in BLANK_ADDRESS:
        return ("address", bare)
    if name == REASON or (name in BLANK and name != "address"):
        return (name,)
    raise UnusableFile(f"There is no field {name!r} in a unit.")


def to_row(cells: Iterable[tuple[tuple[str, ...], str]]) -> dict[str, Any]:
    """Answer the row that the cells of a line mean; an empty cell is null.

    An address of which all cells are empty is not there at all.
    """
    row: dict[str, Any] = {}
    address: dict[str, Any] = {}
    for path, cell in cells:
        if path[0] == "address":
            address[path[1]] = to_value(path[1], cell)
        elif path[0] != REASON:
            row[path[0]] = to_value(path[0], cell)
    if any(value is not None for value in address.values()):
        row["address"] = address
    return row


def to_value(name: str, cell: str) -> Any:
    """Answer the JSON value of a cell; one that is none stays a text, and its field will say so."""
    cell = cell.strip()
    if not cell:
        return None
    if name == "has_flex_wall":
        return WORDS.get(cell.lower(), cell)
    if name not in (*INTEGERS, *NUMBERS, "bathrooms"):
        return cell
    try:
        value = orjson.loads(cell)
    except orjson.JSONDecodeError:
        return cell
    return value if isinstance(value, int | float | list) else cell
