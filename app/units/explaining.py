"""What ``explain=true`` adds to the rows of an answer: what was tried, and near misses. Pure.

Nothing is decided here: it is read off the steps of the plan. Source: ours, docs/api.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.units.addresses import canonical_fields, canonical_text
from app.units.matching import Plan, Reject, Step
from app.units.near_misses import Known, LookAlikes
from app.units.rows import Attributes

MAX_COMPARED = 20_000
"""Stored addresses that new ones are compared with; a group with more is not looked at."""

MAX_EXPLAINED = 200
"""Created rows of a request that get near misses."""

REFUSED = {"ambiguous_address": "ambiguous", "identity_conflict": "conflict"}
"""What became of the address of a row, by the type of its failure."""

StoredAddress = tuple[int, Attributes]
"""The id of a unit and its attributes, of which only the address and what names it are needed."""


def seeks_near_misses(planned: Plan) -> bool:
    """Tell whether a row creates a unit with an address, so that stored ones have to be read."""
    return any(_creates_address(step) for step in planned.steps)


def explain(
    rows: Iterable[dict[str, Any]],
    planned: Plan,
    stored: Sequence[StoredAddress],
    default_country: str,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of the answer: valid ones with what was tried, created ones with near misses.

    ``stored`` are the addresses of the group before this request, one more than ``MAX_COMPARED`` where
    there are more; units that were updated are compared as they then stand. ``near_misses`` is null
    where a limit cut them off.
    """
    changed = {unit.id: unit.attributes for unit in planned.updated}
    look_alikes = (
        LookAlikes(
            known_from(unit_id, changed.get(unit_id, attributes), default_country)
            for unit_id, attributes in stored
            if changed.get(unit_id, attributes)["address"] is not None
        )
        if len(stored) <= MAX_COMPARED
        else None
    )
    left = MAX_EXPLAINED
    for row, step in zip(rows, planned.steps, strict=True):
        if isinstance(step, Step) or step.type != "invalid_unit":
            row["match"] = {"tried": tried_by(step, default_country)}
        if isinstance(step, Step) and step.action == "created":
            row["near_misses"] = []
        if _creates_address(step):
            fields = fields_of(step.sent, default_country)
            row["near_misses"] = look_alikes.find(fields) if look_alikes and left else None
            left = max(0, left - 1)
        yield row


def tried_by(step: Step | Reject, default_country: str) -> list[dict[str, str]]:
    """Answer by which keys a row was sought, in order, and what was found. Source: CONTRACT 4.3."""
    matched_by = step.matched_by if isinstance(step, Step) else None
    tried = []
    if step.sent.get("identifier") is not None:
        result = "matched" if matched_by == "identifier" else "not_found"
        tried.append({"key": "identifier", "result": result})
    if matched_by != "identifier" and step.sent.get("address") is not None:
        result = "matched" if matched_by == "address" else "not_found"
        if isinstance(step, Reject):
            result = REFUSED[step.type]
        unit_number = step.sent.get("unit_number")
        text = canonical_text(step.sent["address"], unit_number, default_country)
        tried.append({"key": "address", "result": result, "address_key": text})
    return tried


def known_from(unit_id: int, attributes: Attributes, default_country: str) -> Known:
    """Answer a stored unit as one that others may look like."""
    fields = fields_of(attributes, default_country)
    return Known(unit_id, attributes["identifier"], fields)


def fields_of(attributes: Attributes, default_country: str) -> Mapping[str, str]:
    """Answer the canonical fields of a unit's address."""
    unit_number = attributes.get("unit_number")
    return canonical_fields(attributes["address"], unit_number, default_country)


def _creates_address(step: Step | Reject) -> bool:
    return (
        isinstance(step, Step) and step.action == "created" and step.sent.get("address") is not None
    )
