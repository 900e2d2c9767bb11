"""Creating and updating units: the group locked, one look-up, a plan, set-based writes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import bulk
from app.accounts.auth import Caller
from app.accounts.service import lock_group
from app.db import AnyRow, utcnow
from app.units.addresses import RECIPE
from app.units.errors import UnitsRejected
from app.units.matching import (
    BLANK_ADDRESS,
    Plan,
    Reject,
    Step,
    Unit,
    UnitRow,
    plan,
    row_from,
)
from app.units.models import Unit as UnitModel
from app.units.queries import INLINE, TABLE, attributes_from
from app.units.schemas import UnitsRequest


def upsert_units(
    session: Session, caller: Caller, request: UnitsRequest, default_country: str
) -> dict[str, Any]:
    """Create or update the units of ``request`` and answer what became of each row.

    The number of SQL statements does not depend on the number of rows.
    Raises ``GroupNotFound``, ``NoAccessToGroup``, what is wrong with the rows as a whole, and
    ``UnitsRejected`` (422) if an atomic request has a failing row. Source: CONTRACT 4.
    """
    rows = [
        row if isinstance(row, Reject) else row_from(row, default_country) for row in request.rows
    ]
    group_id = lock_group(session, caller, request.group)
    if request.fault:
        raise request.fault
    stored = load_sought(session, caller.organization_id, group_id, rows)
    # The time is taken under the lock, so that within a group it never goes back.
    planned = plan(rows, stored, utcnow(), default_country)
    rejected = request.atomic and planned.has_failures
    if not (request.dry_run or rejected):
        write(session, caller.organization_id, group_id, planned)
    answer = describe(planned, group_id, rejected=rejected, dry_run=request.dry_run)
    if rejected:
        failed = answer["summary"]["failed"]
        raise UnitsRejected(f"Nothing was written: {failed} of {len(rows)} units failed.", answer)
    return answer


def load_sought(
    session: Session, organization_id: int, group_id: int, rows: Sequence[UnitRow | Reject]
) -> list[Unit]:
    """Answer every stored unit of the group whose identifier or address key a row seeks."""
    valid = [row for row in rows if isinstance(row, UnitRow)]
    identifiers = {row.attributes["identifier"] for row in valid if "identifier" in row.attributes}
    keys = {row.address_key for row in valid if row.address_key is not None}
    found = session.execute(
        select(TABLE)
        .where(TABLE.c.organization_id == organization_id, TABLE.c.group_id == group_id)
        .where(
            or_(
                bulk.is_one_of(session, UnitModel.identifier, identifiers),
                bulk.is_one_of(session, UnitModel.address_key, keys),
            )
        )
        .order_by(TABLE.c.id)
    )
    return [unit_from(row) for row in found]


def unit_from(row: AnyRow) -> Unit:
    """Answer the stored unit in a row of the table."""
    return Unit(
        row.id,
        attributes_from(row._mapping),
        row.address_key,
        row.version,
        row.created_at,
        row.updated_at,
        stored_identifier=row.identifier,
    )


def columns_from(unit: Unit) -> dict[str, Any]:
    """Answer what an update of ``unit`` writes; the inverse of ``unit_from``."""
    attributes = unit.attributes
    return {
        "id": unit.id,
        **{name: attributes[name] for name in INLINE},
        **(attributes["address"] or BLANK_ADDRESS),
        "address_key": unit.address_key,
        "address_recipe": None if unit.address_key is None else RECIPE,
        "version": unit.version,
        "updated_at": unit.updated_at,
    }


def write(session: Session, organization_id: int, group_id: int, planned: Plan) -> None:
    """Write the plan: identifiers freed, units updated, units inserted; ids are taken beforehand.

    Identifiers may move along a chain within one request (A to B while B to C), and each engine checks
    its unique index row by row; so those that another unit takes over are set free first.
    """
    ids = bulk.reserve_ids(session, TABLE, len(planned.created))
    for unit, unit_id in zip(planned.created, ids, strict=True):
        unit.id = unit_id
    taken = {unit.attributes["identifier"] for unit in planned.updated}
    freed = [
        {"id": unit.id, "identifier": None}
        for unit in planned.updated
        if unit.stored_identifier in taken
        and unit.stored_identifier != unit.attributes["identifier"]
    ]
    bulk.update_rows(session, TABLE, organization_id, freed)
    bulk.update_rows(
        session, TABLE, organization_id, [columns_from(unit) for unit in planned.updated]
    )
    tenant = {"organization_id": organization_id, "group_id": group_id}
    bulk.insert_rows(
        session,
        TABLE,
        [
            {**tenant, **columns_from(unit), "created_at": unit.created_at}
            for unit in planned.created
        ],
    )


def describe(planned: Plan, group_id: int, *, rejected: bool, dry_run: bool) -> dict[str, Any]:
    """Answer the body for ``planned``: a result per row in order, and the summary.

    ``rejected`` means that a failing row of an atomic request stopped all others. Source: CONTRACT 4.5.
    """
    steps = planned.steps
    rows = [
        describe_reject(index, step)
        if isinstance(step, Reject)
        else describe_skipped(index, step)
        if rejected
        else describe_step(index, step, group_id)
        for index, step in enumerate(steps)
    ]
    counts = Counter("failed" if isinstance(step, Reject) else step.action for step in steps)
    summary = {action: counts[action] for action in ("created", "updated", "unchanged", "failed")}
    if rejected:
        summary = {"created": 0, "updated": 0, "unchanged": 0, "failed": counts["failed"]}
        summary["skipped"] = len(steps) - counts["failed"]
    answer: dict[str, Any] = {"units": rows, "summary": summary}
    return {"dry_run": True, **answer} if dry_run else answer


def describe_step(index: int, step: Step, group_id: int) -> dict[str, Any]:
    """Answer the row of a success: what happened and the unit as it then stands."""
    return {
        "index": index,
        "success": True,
        "failure_reason": "",
        "action": step.action,
        "matched_by": step.matched_by,
        "id": step.unit.id,
        "group_id": group_id,
        **step.attributes,
        "created_at": step.unit.created_at,
        "updated_at": step.updated_at,
    }


def describe_skipped(index: int, step: Step) -> dict[str, Any]:
    """Answer the row of a success that was not applied because another row failed."""
    return {
        "index": index,
        "success": False,
        "failure_reason": "Not applied: another row failed.",
        "action": "skipped",
        "identifier": None,
        **step.sent,
    }


def describe_reject(index: int, reject: Reject) -> dict[str, Any]:
    """Answer the row of a failure: why, and those of its fields that are themselves valid."""
    error: dict[str, Any] = {"type": reject.type, "message": reject.message}
    if reject.fields is not None:
        error["fields"] = reject.fields
    if reject.candidates is not None:
        error["candidates"] = sorted(
            (unit.id for unit in reject.candidates), key=lambda i: (i is None, i)
        )
    if reject.conflicts_with is not None:
        error["conflicts_with"] = reject.conflicts_with
    return {
        "index": index,
        "success": False,
        "failure_reason": reject.message,
        "error": error,
        "identifier": None,
        **reject.sent,
    }
