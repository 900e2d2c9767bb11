"""CONTRACT 4.3 as naively as it reads: a list, linear search, one row at a time."""

from typing import Any

from app.units.addresses import address_key
from app.units.rows import BLANK, BLANK_ADDRESS


def post(units: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Apply ``rows`` to ``units`` in place; answers per row what became of it."""
    done: list[dict[str, Any]] = []
    return [done.append(take(units, row, done)) or done[-1] for row in rows]


def take(
    units: list[dict[str, Any]], row: dict[str, Any], earlier: list[dict[str, Any]]
) -> dict[str, Any]:
    """Take one row, as if it had been posted alone, but for the guard of ``identity_conflict``."""
    named, address = row.get("identifier"), row.get("address")
    matched_by, found = "identifier", [u for u in units if named and u["identifier"] == named]
    if not found and address:
        matched_by, found = "address", [u for u in units if key(u) == key(row)]
        if len(found) > 1:
            return {"error": "ambiguous_address", "candidates": found}
        for index in reversed(range(len(earlier))):
            claim = earlier[index]
            if (
                found
                and named
                and claim.get("unit") is found[0]
                and claim["named"] not in (None, named)
            ):
                return {"error": "identity_conflict", "conflicts_with": index}
    if not found and not named and not address:
        return {"error": "insufficient_data"}
    if not found:
        units.append(dict(BLANK))
    unit = found[0] if found else units[-1]
    before = dict(unit)
    unit.update({k: v for k, v in row.items() if k != "identifier" or v is not None})
    if address:
        unit["address"] = {**BLANK_ADDRESS, **address}
    action = "created" if not found else "unchanged" if unit == before else "updated"
    by = matched_by if found else None
    return {"action": action, "matched_by": by, "unit": unit, "named": named, "shown": dict(unit)}


def key(unit: dict[str, Any]) -> str | None:
    """Answer the address key of a unit or row as it stands."""
    address = unit.get("address")
    return address and address_key(address, unit.get("unit_number"))
