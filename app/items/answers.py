"""How items, and the results of requests for many, are shown. Source: CONTRACT 7."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.errors import API, ApiError
from app.items.rules import ItemStep, StoredItem
from app.texts import is_clean_reference

ACTIONS = ("created", "updated", "unchanged", "failed")


def dump_item(item: StoredItem, organization: str) -> dict[str, Any]:
    """Answer an item as it is shown, in the words of S2."""
    return {
        "id": item.id,
        "reference": item.reference,
        "name": item.name,
        "href": f"{API}/items/{item.id}",
        "organization": organization,
        "dateCreated": item.created_at,
        "lastUpdated": item.updated_at,
    }


def dump_steps(
    rows: Sequence[Any], steps: Sequence[ItemStep | ApiError], organization: str
) -> dict[str, Any]:
    """Answer the body of a request for many items, a result per row. Source: CONTRACT 7."""
    results = [
        describe_failure(index, step, row, ("reference",))
        if isinstance(step, ApiError)
        else describe_success(index, step.action, dump_item(step.item, organization))
        for index, (row, step) in enumerate(zip(rows, steps, strict=True))
    ]
    return {"items": results, "summary": summarize(results)}


def describe_success(index: int, action: str, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the row of a success, shaped as CONTRACT 4.5 has it."""
    return {
        "index": index,
        "success": True,
        "failure_reason": "",
        "action": action,
        **shown,
    }


def describe_failure(index: int, error: ApiError, row: Any, keys: Iterable[str]) -> dict[str, Any]:
    """Answer the row of a failure: why, and the ``keys`` that it was sent, where they are texts."""
    sent = row if isinstance(row, dict) else {}
    clean = {key: sent.get(key) for key in keys}
    return {
        "index": index,
        "success": False,
        "failure_reason": error.message,
        "error": {"type": error.type, "message": error.message},
        **{
            key: value if isinstance(value, str) and is_clean_reference(value) else None
            for key, value in clean.items()
        },
    }


def summarize(results: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Answer how many rows had each outcome."""
    counts = Counter(result.get("action", "failed") for result in results)
    return {action: counts[action] for action in ACTIONS}
