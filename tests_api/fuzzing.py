"""What schemathesis cannot know by itself: where to aim, and which rules no schema can say."""

import base64
import zlib
from typing import Any

import jsonschema_rs
import orjson
import schemathesis
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from app.payload import NDJSON
from tests_api.registry import CLIENT, CLIENT_SECRET

BEYOND_A_SCHEMA = {
    "already_assigned": "the pair is there already",
    "ambiguous_address": "depends on the units that are there",
    "ambiguous_reference": "depends on the units that are there",
    "both_group_identifiers_provided": "of two fields, not both",
    "idempotency_key_reused": "depends on the requests before",
    "identity_conflict": "depends on the rows before",
    "insufficient_data": "of two fields, one",
    "is_default_error": "another unit is the default",
    "no_access_to_group": "depends on the client",
    "group_not_found": "depends on the groups that are there",
    "no_group": "of two fields, one; an empty text counts as absent",
    "not_found": "depends on what is there",
    "refused_value": "salesQuantity depends on unpacking",
    "units_rejected": "a row has one of these faults; the rows are looked at one by one",
}
"""Codes that answer data which is valid by its schema, and why no schema can say so."""

TEXTS_BEYOND_A_SCHEMA = {
    "isDefault parameter is missing": "required as long as the item has no default",
    "must be equal to the path": "a field that may repeat the path",
    "(must be String)": "itemId and unitId with useExternalId",
    "itemId (must be Positive Integer)": "without useExternalId",
    "unitId (must be Positive Integer)": "without useExternalId",
    "cursor: must be": "no schema tells our cursors from other texts",
    "a stream is written in chunks": "atomic with a stream of lines",
    "a stream is not explained": "explain with a stream of lines",
    "cannot have an Idempotency-Key": "a key with a stream of lines",
    "must not contain noncharacters": "JSON Schema's patterns know no such beyond the BMP",
    "combining marks in a row": "no pattern tells what is left of them once texts are composed",
    "must not contain invisible characters": "nor these beyond the BMP",
    "unknown query parameter": "a group in the query, which goes with a stream of lines only",
    "must have at least one letter or digit": "JSON Schema's patterns know no letters of all scripts",
}
"""The same for parts of texts, where a code says too little."""

BULK = {"upsertUnits": ("units", "UnitRow"), "upsertItemUnits": ("itemUnits", "ItemUnitRow")}
BULK["upsertItems"] = ("items", "ItemRow")
"""The routes for many by operation id: the field of their rows, and the schema of one."""

CURSORS = st.builds(
    lambda moment, last: base64.urlsafe_b64encode(orjson.dumps([moment, last])).decode(),
    st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat()),
    st.integers(1, 10),
)


LINES = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.fixed_dictionaries({}, optional={"identifier": st.text(), "sqft": st.floats()}).map(
            orjson.dumps
        ),
    )
).map(b"\n".join)
"""Bodies of ``application/x-ndjson``: rows and broken lines."""

KNOWN: dict[str, tuple[Any, ...]] = {
    "id": (1, 2, 3),
    "itemId": ("eliteBook_820", "bracelet"),
    "unitId": ("A-1", "PACKET"),
    "reference": ("eliteBook_820", "bracelet", "new"),
    "itemReference": ("eliteBook_820", "bracelet"),
    "unitReference": ("A-1", "PACKET"),
    "identifier": ("A-1", "A-2", "A-3", "A-4"),
    "group_id": (1, 2),
    "group_external_ref": ("north-tower", "south-tower"),
    "client_id": (CLIENT,),
    "client_secret": (CLIENT_SECRET,),
}
"""What ``registry.py`` has put there, by the name of the parameter or field that asks for it."""


IN_BODY = (*KNOWN["group_id"], *KNOWN["group_external_ref"])
"""Groups that stand in the body of a bulk upsert, and in the query only beside a stream of lines."""


def operation_id(case: schemathesis.Case) -> str:
    """Answer the id of the operation that a case calls."""
    return str(case.operation.definition.raw["operationId"])


def aim(case: schemathesis.Case) -> None:
    """Point three in four of a request's references at what is there; what is wrong stays wrong.

    So the fuzzing gets past *not found*, and past the rules between fields that no schema can say.
    """
    operation = operation_id(case)
    for part in ("path_parameters", "query", "body"):
        sent = getattr(case, part)
        aimed = name_one_group(aim_value("", sent))
        if part == "body" and isinstance(aimed, dict):
            aimed = aim_body(operation, aimed)
        if part == "query" and operation == "upsertUnits" and case.media_type != NDJSON:
            aimed = {name: value for name, value in aimed.items() if value not in IN_BODY}
        if aimed != sent or repr(aimed) != repr(sent):
            setattr(case, part, aimed)


def aim_value(name: str, value: Any) -> Any:
    """Answer ``value`` with known references in place of made-up ones, at any depth.

    A whole number is written 4, not 4.0: JSON Schema takes both for an integer, CONTRACT 2 does not.
    """
    if isinstance(value, dict):
        return {key: aim_value(key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [aim_value(name, inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    known, dice = KNOWN.get(name, ()), zlib.crc32(repr(value).encode())
    if not known or dice % 4 == 0 or not is_exchangeable(value, known[0]):
        return value
    return known[dice // 4 % len(known)]


def is_exchangeable(value: Any, known: Any) -> bool:
    """Tell whether ``value`` is as valid as ``known``, so that either may stand for the other."""
    if isinstance(known, str):
        return isinstance(value, str) and len(value) <= 255 and value.isprintable()
    return type(value) is int and value >= 0


def name_one_group(sent: Any) -> Any:
    """Name a group by one of its keys: both is one rule, and beyond it lies all the rest."""
    keys = {"group_id", "group_external_ref"}
    if isinstance(sent, dict) and all(sent.get(key) in KNOWN[key] for key in keys):
        return {name: value for name, value in sent.items() if name != "group_external_ref"}
    return sent


def aim_body(operation: str, body: dict[str, Any]) -> dict[str, Any]:
    """Answer a body whose ``itemId`` and ``unitId`` are such as this operation takes."""
    pair = {"itemId": ("bracelet", 2), "unitId": ("A-1", 1)}
    if operation in ("upsertItemUnit", "updateItemUnitByReference"):
        return {k: v for k, v in body.items() if k not in pair or v not in KNOWN[k]}
    if operation in ("createItemUnit", "updateItemUnit"):
        wanted = 0 if body.get("useExternalId") is True else 1
        for key, known in pair.items():
            if body.get(key) in KNOWN[key] or (type(body.get(key)) is int and body[key] > 0):
                body[key] = known[wanted]
    return body


def excluded_checks(case: schemathesis.Case, body: Any) -> list[Any]:
    """Answer the checks that cannot hold for this answer."""
    excluded = [positive_data_acceptance] if is_beyond_a_schema(body) else []
    # By contract a wrong row fails alone and the request succeeds; check_rows stands in.
    return [*excluded, negative_data_rejection] if operation_id(case) in BULK else excluded


def is_beyond_a_schema(body: Any) -> bool:
    """Tell whether an error body, in either envelope or of a row, tells of such a rule."""
    error = body.get("error") if isinstance(body, dict) else None
    code, text = (
        (error["type"], error["message"])
        if isinstance(error, dict)
        else (error, body.get("error_description", "") if isinstance(body, dict) else "")
    )
    return code in BEYOND_A_SCHEMA or any(part in text for part in TEXTS_BEYOND_A_SCHEMA)


def check_rows(case: schemathesis.Case, body: Any) -> None:
    """Hold each row's result against the row's schema: what is wrong fails, what is right does not.

    This is what positive_data_acceptance and negative_data_rejection are for a whole request.
    """
    if operation_id(case) not in BULK or not isinstance(body, dict) or "summary" not in body:
        return
    name, schema = BULK[operation_id(case)]
    spec = case.operation.schema.raw_schema
    wanted = {"$ref": f"#/components/schemas/{schema}", "components": spec["components"]}
    validator = jsonschema_rs.validator_for(wanted, validate_formats=True)
    for row, result in zip(case.body[name], body[name], strict=True):
        if not validator.is_valid(row):
            assert not result["success"], (row, result)
        elif "error" in result:
            assert is_beyond_a_schema(result), (row, result)
