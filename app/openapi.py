"""The parts of ``/openapi.json``: parameters, bodies and answers in the words of OpenAPI 3.1.

``docs.py`` puts them together; nothing here knows a resource.
"""

import re
from typing import Any

from werkzeug.routing import Rule

from app.fields import Field
from app.operations import Operation
from app.query import QuerySchema

PATH_PARAMETERS = {
    "item": ("itemId", "The reference of the item."),
    "unit": ("unitId", "The reference (identifier) of the unit."),
    "reference": ("reference", "The reference of the item."),
}
"""How source S2 calls the references in a path."""

HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Upsert-Result": ("What was done.", {"enum": ["created", "updated", "unchanged"]}),
    "Location": ("Where the record is shown.", {}),
    "ETag": ("The state of the record, for `If-Match`.", {}),
    "Idempotent-Replayed": ("The stored answer: nothing was done again.", {"enum": ["true"]}),
}
CONDITIONS = {
    "If-Match": "Only if the record is in one of these states (ETags), or `*`: if there is one.",
    "If-None-Match": "`*`: only if there is no such record yet. On a GET: 304 if nothing changed.",
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "A name of your own for this request (a UUID, say). Sent again with the same key"
    " within a day, it is answered as the first time and changes nothing.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[!-~]([ -~]*[!-~])?$",
    },
}

EXAMPLES: dict[str, Any] = {
    "address_line_1": "12 Main Street",
    "address_line_2": "Apt 4",
    "barcode": "(10)45566(17)161231",
    "building_name": "North Tower",
    "city": "Springfield",
    "country": "US",
    "expirationDate": "2016-12-31",
    "external_ref": "north-tower",
    "failure_reason": "",
    "group_external_ref": "north-tower",
    "href": "/api/v1.0/items/497",
    "identifier": "A-1",
    "itemId": "eliteBook_820",
    "itemReference": "eliteBook_820",
    "latitude": 39.8,
    "longitude": -89.6,
    "name": "A name",
    "number_of_bathrooms": 1.5,
    "number_of_bedrooms": 2,
    "organization": "entity1",
    "postal_code": "62701",
    "quantity": 4,
    "reference": "eliteBook_820",
    "salesQuantity": 1,
    "sqft": 640,
    "state": "IL",
    "unitId": "A-1",
    "unitReference": "A-1",
    "unit_number": "4",
    "volume": 0.05,
    "weight": 16,
}
"""What the page shows of a field, by its name; otherwise it makes something up from the pattern."""


def describe_field(_converter: object, field: Any, ret: dict[str, Any]) -> dict[str, Any]:
    """Answer what one of our fields says of itself, null added where it takes it.

    In a query there is no null, and no example that would be sent unasked.
    """
    is_query = isinstance(field.parent, QuerySchema)
    name = field.data_key or field.name
    example = {"examples": [EXAMPLES[name]]} if name in EXAMPLES and not is_query else {}
    if not isinstance(field, Field):
        return example
    described = field.describe() | example
    kind = described.get("type", ret.get("type"))
    if field.allow_none and isinstance(kind, str) and not is_query:
        described["type"] = [kind, "null"]
        if "enum" in described:
            # Generators name the type of the words after the title.
            described |= {"title": field.name, "enum": [*described["enum"], None]}
    return described


def public_name(argument: str) -> str:
    """Answer how the description calls an argument of a route."""
    return "id" if argument.endswith("_id") else PATH_PARAMETERS.get(argument, (argument,))[0]


def public_path(rule: Rule) -> str:
    """Answer the path of ``rule`` as OpenAPI writes it."""
    return re.sub(r"<\w+:(\w+)>", lambda m: f"{{{public_name(m[1])}}}", rule.rule)


def describe_parameters(described: Operation, rule: Rule) -> list[dict[str, Any]]:
    """Answer the parameters of an operation: path, query, then headers."""
    query = [{"in": "query", "schema": described.query}] if described.query is not None else []
    headers = [
        {
            "in": "header",
            "name": name,
            "description": CONDITIONS[name],
            "schema": {"type": "string"},
        }
        for name in described.conditions
    ]
    key = [IDEMPOTENCY_KEY] if described.takes_key else []
    return [*_path_parameters(rule), *query, *headers, *key]


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    described = []
    for kind, name in re.findall(r"<(\w+):(\w+)>", rule.rule):
        is_reference = kind == "reference"
        schema = (
            {"type": "string", "minLength": 1}
            if is_reference
            else {"type": "integer", "format": "int64", "minimum": 0}
        )
        described.append(
            {
                "in": "path",
                "name": public_name(name),
                "description": PATH_PARAMETERS[name][1]
                if is_reference
                else "The id of the record.",
                "required": True,
                "schema": schema,
            }
        )
    return described


def describe_body(described: Operation) -> dict[str, Any]:
    """Answer the request body of an operation that has one."""
    kind = "application/x-www-form-urlencoded" if described.is_form else "application/json"
    content: dict[str, Any] = {"schema": described.body}
    if described.examples:
        content["examples"] = {
            name.replace(" ", "_"): {"summary": name, "value": value}
            for name, value in described.examples.items()
        }
    return {"required": True, "content": {kind: content}}


def describe_success(described: Operation) -> dict[str, Any]:
    """Answer the success of an operation."""
    answer: dict[str, Any] = {"description": described.summary}
    if described.answer is not None:
        answer["content"] = {"application/json": {"schema": described.answer}}
    replayed = ("Idempotent-Replayed",) if described.takes_key else ()
    if names := (*described.headers, *replayed):
        answer["headers"] = {
            name: {
                "description": HEADERS[name][0],
                "schema": {"type": "string", **HEADERS[name][1]},
            }
            for name in names
        }
    return answer
