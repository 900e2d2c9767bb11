"""How item-units are shown. Source: S2, CONTRACT 6 and 7."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import API, ApiError
from app.item_units.planning import Step
from app.items.answers import describe_failure, describe_success, summarize


def dump_item_unit(row: Mapping[Any, Any], organization: str) -> dict[str, Any]:
    """Answer an item-unit as S2 shows it; ``row`` names its columns as the models do."""
    return {
        "id": row["id"],
        "itemReference": row["item_reference"],
        "unitReference": row["unit_reference"],
        "item": {
            "id": row["item_id"],
            "reference": row["item_reference"],
            "name": row["item_name"],
            "href": f"{API}/items/{row['item_id']}",
        },
        "unit": {
            "id": row["unit_id"],
            "reference": row["unit_reference"],
            "name": row["unit_name"],
            "href": f"{API}/units/{row['unit_id']}",
        },
        "quantity": row["quantity"],
        "unpacking": row["unpacking"],
        "salesQuantity": row["sales_quantity"],
        "volume": row["volume"],
        "weight": row["weight"],
        "barcode": row["barcode"],
        "expirationDate": row["expiration_date"],
        "isDefault": row["is_default"],
        "defaultDisplay": row["default_display"],
        "organization": organization,
        "dateCreated": row["created_at"],
        "lastUpdated": row["updated_at"],
    }


def dump_many(
    rows: Sequence[Any], steps: Sequence[Step | ApiError], organization: str
) -> dict[str, Any]:
    """Answer the body of a request for many item-units, a result per row. Source: CONTRACT 7."""
    results = [
        describe_failure(index, step, row, ("itemId", "unitId"))
        if isinstance(step, ApiError)
        else describe_success(index, step.action, dump_step(step, organization))
        for index, (row, step) in enumerate(zip(rows, steps, strict=True))
    ]
    return {"itemUnits": results, "summary": summarize(results)}


def dump_step(step: Step, organization: str) -> dict[str, Any]:
    """Answer an item-unit as it stood right after its row."""
    row = {
        "id": step.item_unit.id,
        "item_id": step.item.id,
        "item_reference": step.item.reference,
        "item_name": step.item.name,
        "unit_id": step.unit.id,
        "unit_reference": step.unit.reference,
        "unit_name": step.unit.name,
        **step.attributes,
        "created_at": step.item_unit.created_at,
        "updated_at": step.updated_at,
    }
    return dump_item_unit(row, organization)
