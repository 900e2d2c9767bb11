"""Units that come line by line: chunks of 1,000 rows, a transaction each, in little memory.

The answer is written to a file and sent when the last line is done: a client that sends all before it
reads anything would otherwise wait for us while we wait for it.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import orjson
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import ApiError, OutcomeUnknown, ServiceUnavailable
from app.lines import MAX_LINE, BrokenBody
from app.payload import JSON_OUT
from app.strict_json import parse_object
from app.units.answers import ACTIONS, count_actions, describe_rows
from app.units.claims import Claims
from app.units.errors import InvalidJson
from app.units.matching import Plan, Reject
from app.units.schemas import load_row, load_texts

CHUNK = 1000
HELD = 50
"""Lines that are held before they are loaded: a line may be long."""

TOO_LONG = Reject("invalid_json", f"The line has more than {MAX_LINE} bytes.")
IN_MEMORY = 2**20
"""Bytes of the answer that need no file."""

Loaded = dict[str, Any] | Reject
Upsert = Callable[[Claims, int, Sequence[Loaded]], tuple[int, Plan]]
"""Carries out a chunk in a transaction of its own, given the index of its first row."""


def upsert_stream(lines: Iterable[bytes | None], upsert: Upsert, *, dry_run: bool) -> IO[bytes]:
    """Carry out ``lines``; answers an open file with a result line each, then one with the summary.

    Where the body breaks off or the database goes away, the chunks before it stay, and the summary says
    ``complete: false`` and why. Before the first chunk, what goes wrong is raised as anywhere else.
    """
    counts: Counter[str] = Counter()
    ending: dict[str, Any] = {"complete": True}
    with Claims() as claims, ExitStack() as on_failure:
        out: IO[bytes] = on_failure.enter_context(SpooledTemporaryFile(max_size=IN_MEMORY))
        try:
            for first, rows in number(chunks(load_lines(lines))):
                counts += write_chunk(out, upsert, claims, first, rows)
        except BrokenBody as broken:
            ending = incomplete(InvalidJson(str(broken)))
        except (DBAPIError, PoolTimeout, OutcomeUnknown) as error:
            if not counts:
                raise
            ending = incomplete(error if isinstance(error, ApiError) else ServiceUnavailable())
        summary = {action: counts[action] for action in ACTIONS}
        mark = {"dry_run": True} if dry_run else {}
        out.write(to_line({"summary": summary, **ending, **mark}))
        out.seek(0)
        on_failure.pop_all()  # From here on the file is the caller's.
    return out


def write_chunk(
    out: IO[bytes], upsert: Upsert, claims: Claims, first: int, rows: Sequence[Loaded]
) -> Counter[str]:
    """Carry out a chunk, write its results and remember its claims; answers the counts."""
    group_id, planned = upsert(claims, first, rows)
    # SQLAlchemy leaves what was looked up in a cycle: few objects, so that they would wait for long, but
    # with all keys of the chunk. The youngest are soon looked through.
    gc.collect(0)
    out.writelines(map(to_line, describe_rows(planned, group_id, first=first)))
    claims.note(planned)
    return count_actions(planned)


def load_lines(lines: Iterable[bytes | None]) -> Iterator[Loaded]:
    """Answer for each line its attributes, or why it fails; a few lines at a time are held."""
    remaining = iter(lines)
    while held := list(islice(remaining, HELD)):
        loaded = iter(load_texts([line for line in held if line is not None], load_line))
        for line in held:
            yield next(loaded) if line is not None else TOO_LONG


def load_line(line: bytes) -> Loaded:
    """Answer the attributes in a line, or why it fails; a broken line fails alone."""
    try:
        return load_row(parse_object(line, InvalidJson))
    except InvalidJson as error:
        return Reject("invalid_json", error.message.replace("request body", "line"))


def chunks(rows: Iterable[Loaded]) -> Iterator[list[Loaded]]:
    """Answer ``rows`` in lists of at most ``CHUNK``."""
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def number(lists: Iterable[list[Loaded]]) -> Iterator[tuple[int, list[Loaded]]]:
    """Answer each list with the index of its first row."""
    first = 0
    for rows in lists:
        yield first, rows
        first += len(rows)


def incomplete(error: ApiError) -> dict[str, Any]:
    """Answer how the summary tells that not all lines were taken."""
    return {"complete": False, "error": {"type": error.type, "message": error.message}}


def to_line(value: Any) -> bytes:
    """Answer ``value`` as one line of JSON."""
    return orjson.dumps(value, option=JSON_OUT | orjson.OPT_APPEND_NEWLINE)
