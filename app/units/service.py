"""Creating and updating units: the group locked, one look-up, a plan, set-based writes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.accounts.auth import Caller
from app.accounts.service import lock_group
from app.db import utcnow
from app.units.answers import count_matches, describe, describe_rows
from app.units.claims import Claims
from app.units.errors import UnitsRejected
from app.units.explaining import MAX_COMPARED, explain, seeks_near_misses
from app.units.lookup import load_sought
from app.units.matching import Plan, Reject, plan
from app.units.queries import load_addresses
from app.units.requests import StreamRequest, UnitsRequest
from app.units.rows import UnitRow, row_from
from app.units.writing import write


class Answer(NamedTuple):
    """What became of a request: the body, its rows yet to be made, and how many were found by what."""

    body: Mapping[str, Any]
    rows: Iterator[dict[str, Any]]
    matches: Counter[str | None]


def upsert_units(
    session: Session, caller: Caller, request: UnitsRequest, default_country: str
) -> Answer:
    """Create or update the units of ``request`` and answer what became of each row.

    The number of SQL statements does not depend on the number of rows.
    Raises ``GroupNotFound``, ``NoAccessToGroup``, what is wrong with the rows as a whole, and
    ``UnitsRejected`` (422) if an atomic request has a failing row. Source: CONTRACT 4.
    """
    rows = make_rows(request.rows, default_country)
    group_id = lock_group(session, caller, request.group)
    if request.fault:
        raise request.fault
    stored = load_sought(session, caller.organization_id, group_id, rows, default_country)
    # The time is taken under the lock, so that within a group it never goes back.
    planned = plan(rows, stored, utcnow(), default_country)
    rejected = request.atomic and planned.has_failures
    looks = request.explain and seeks_near_misses(planned)
    near = load_addresses(session, caller.organization_id, group_id, MAX_COMPARED) if looks else []
    if not (request.dry_run or rejected):
        write(session, caller.organization_id, group_id, planned)
    body = describe(planned, rejected=rejected, dry_run=request.dry_run)
    described = describe_rows(planned, group_id, rejected=rejected)
    if request.explain:
        described = explain(described, planned, near, default_country)
    if rejected:
        text = f"Nothing was written: {body['summary']['failed']} of {len(rows)} units failed."
        raise UnitsRejected(text, {**body, "units": list(described)})
    return Answer(body, described, count_matches(planned))


def upsert_chunk(
    session: Session,
    caller: Caller,
    request: StreamRequest,
    default_country: str,
    claims: Claims,
    first: int,
    loaded: Sequence[dict[str, Any] | Reject],
) -> tuple[int, Plan]:
    """Create or update the units of one chunk of a stream, whose first row has the index ``first``.

    Answers the group's id and the plan that was carried out. ``claims`` knows which units earlier chunks
    named. Raises as ``find_group`` does. Source: CONTRACT 4; chunks are ours, docs/decisions.md.
    """
    rows = make_rows(loaded, default_country)
    group_id = lock_group(session, caller, request.group)
    stored = load_sought(session, caller.organization_id, group_id, rows, default_country)
    claimed = claims.find(unit.id for unit in stored if unit.id is not None)
    for unit in stored:
        unit.claimed_by = claimed.get(unit.id or 0)
    planned = plan(rows, stored, utcnow(), default_country, first)
    if not request.dry_run:
        write(session, caller.organization_id, group_id, planned)
    return group_id, planned


def make_rows(
    loaded: Sequence[dict[str, Any] | Reject], default_country: str
) -> list[UnitRow | Reject]:
    """Answer the valid rows ready to be matched, and the others as they are."""
    return [row if isinstance(row, Reject) else row_from(row, default_country) for row in loaded]
