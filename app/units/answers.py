"""How the results of the rows are shown. Source: CONTRACT 4.5."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.payload import MADE
from app.units.matching import Plan, Reject, Step

ACTIONS = ("created", "updated", "unchanged", "failed")


def describe(planned: Plan, *, rejected: bool, dry_run: bool) -> dict[str, Any]:
    """Answer the body for ``planned``, with ``MADE`` for each of ``describe_rows``, and the summary.

    ``rejected`` means that a failing row of an atomic request stopped all others. Source: CONTRACT 4.5.
    """
    counts = count_actions(planned)
    summary = {action: counts[action] for action in ACTIONS}
    if rejected:
        summary = {"created": 0, "updated": 0, "unchanged": 0, "failed": counts["failed"]}
        summary["skipped"] = len(planned.steps) - counts["failed"]
    mark = {"dry_run": True} if dry_run else {}
    return {**mark, "units": [MADE] * len(planned.steps), "summary": summary}


def describe_rows(
    planned: Plan, group_id: int, *, rejected: bool = False, first: int = 0
) -> Iterator[dict[str, Any]]:
    """Yield a result per row, the first of index ``first``; ``rejected`` is that of ``describe``."""
    for index, step in enumerate(planned.steps, first):
        if isinstance(step, Reject):
            yield describe_reject(index, step)
        elif rejected:
            yield describe_skipped(index, step)
        else:
            yield describe_step(index, step, group_id)


def count_actions(planned: Plan) -> Counter[str]:
    """Answer how many rows had each outcome."""
    return Counter("failed" if isinstance(s, Reject) else s.action for s in planned.steps)


def count_matches(planned: Plan) -> Counter[str | None]:
    """Answer how many rows that were taken were found by what; None for those that were created."""
    return Counter(step.matched_by for step in planned.steps if not isinstance(step, Reject))


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
