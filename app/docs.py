"""The API described: ``/openapi.json`` from the schemas and the error classes, ``/docs`` to read it.

Each view says what it takes and answers with ``@operation``; the fields say what they accept
(``Field.describe``) and the error classes their status, type and text. So the description is made of
what the code does, and ``tests/fixtures.py`` holds every answer of the test suite against it.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Flask, Response, current_app
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.routing import Rule

from app.accounts.errors import ExpiredToken, InvalidAuthorization, MissingAuthorization
from app.errors import (
    ITEM_PREFIXES,
    ApiError,
    RequestTooLarge,
    ServerError,
    ServiceUnavailable,
    UnsupportedMediaType,
)
from app.fields import Field
from app.operations import Operation
from app.payload import NDJSON, json_response

VERSION = "1.0"
DESCRIPTION = """Keeps an organization's master data in step with the systems it comes from.

Post what you have, again and again: what is known is found and updated, the rest is created, and every
row says what was done and why. Get a token from `POST /oauth/token` and press *Authorize*."""

TOKEN_ERRORS = (MissingAuthorization, ExpiredToken, InvalidAuthorization)
BODY_ERRORS = (UnsupportedMediaType, RequestTooLarge)
SERVER_ERRORS = (ServerError, ServiceUnavailable)
PATH_NAMES = {"item": "itemId", "unit": "unitId"}
"""How source S2 calls the references in a path."""

HEADERS = {
    "Upsert-Result": ("What was done.", {"enum": ["created", "updated", "unchanged"]}),
    "Location": ("Where the record is shown.", {}),
    "ETag": ("The state of the record, for `If-Match`.", {}),
}
CONDITIONS = {
    "If-Match": "Only if the record is in one of these states (ETags), or `*`: if there is one.",
    "If-None-Match": "`*`: only if there is no such record yet. On a GET: 304 if nothing changed.",
}
bp = Blueprint("docs", __name__)


def init_app(app: Flask) -> None:
    """Serve the description and the page that shows it, from files of a package: no network."""
    app.register_blueprint(bp)
    config = {"app_name": "Unit Registry", "validatorUrl": None, "persistAuthorization": True}
    app.register_blueprint(get_swaggerui_blueprint("/docs", "/openapi.json", config=config))


@bp.get("/openapi.json")
def show_spec() -> Response:
    """Answer the description of the API. Source: CONTRACT 9."""
    return json_response(build_spec(current_app._get_current_object()))  # type: ignore[attr-defined]


@cache
def build_spec(app: Flask) -> dict[str, Any]:
    """Answer the OpenAPI 3.1 description of every route of ``app``."""
    plugin = MarshmallowPlugin(schema_name_resolver=lambda schema: _name(schema))
    spec = APISpec(
        "Unit Registry", VERSION, "3.1.0", plugins=[plugin], info={"description": DESCRIPTION}
    )
    assert plugin.converter is not None  # noqa: S101 - APISpec has just made it.
    plugin.converter.add_attribute_function(describe_field)  # type: ignore[no-untyped-call]
    spec.components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    )
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        described: Operation | None = getattr(app.view_functions[rule.endpoint], "operation", None)
        if described is not None:
            path = _path(rule)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                entry = {method.lower(): describe_operation(described, rule, path)}
                spec.path(path, operations=entry)
    return spec.to_dict()


def describe_field(_converter: object, field: Any, ret: dict[str, Any]) -> dict[str, Any]:
    """Answer what one of our fields says of itself, null added where it takes it."""
    if not isinstance(field, Field):
        return {}
    described = field.describe()
    kind = described.get("type", ret.get("type"))
    if field.allow_none and isinstance(kind, str):
        described["type"] = [kind, "null"]
    return described


def describe_operation(described: Operation, rule: Rule, path: str) -> dict[str, Any]:
    """Answer one operation: parameters, body, and an answer for every status it can have."""
    entry: dict[str, Any] = {
        "operationId": described.id,
        "summary": described.summary,
        "tags": [rule.endpoint.split(".")[0]],
        "parameters": [*_path_parameters(rule), *_query(described), *_conditions(described)],
        "responses": {str(described.status): _success(described), **_failures(described, path)},
        "security": [] if described.is_open else [{"bearer": []}],
    }
    if described.body is not None:
        kind = "application/x-www-form-urlencoded" if described.is_form else "application/json"
        content: dict[str, Any] = {"schema": described.body}
        if described.examples:
            content["examples"] = {k: {"value": v} for k, v in described.examples.items()}
        entry["requestBody"] = {"required": True, "content": {kind: content}}
    if described.lines:
        stream = {NDJSON: {"schema": {"type": "string", "description": described.lines}}}
        entry["requestBody"]["content"] |= stream
        entry["responses"][str(described.status)]["content"] |= stream
    return entry


def errors_of(described: Operation) -> tuple[type[ApiError], ...]:
    """Answer every error that the operation can answer."""
    token = () if described.is_open else TOKEN_ERRORS
    body = BODY_ERRORS if described.body is not None and not described.is_form else ()
    return (*token, *body, *described.errors, *SERVER_ERRORS)


def public_name(argument: str) -> str:
    """Answer how the description calls an argument of a route."""
    return "id" if argument.endswith("_id") else PATH_NAMES.get(argument, argument)


def _success(described: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": described.summary}
    if described.answer is not None:
        answer["content"] = {"application/json": {"schema": described.answer}}
    if described.headers:
        answer["headers"] = {
            name: {
                "description": HEADERS[name][0],
                "schema": {"type": "string", **HEADERS[name][1]},
            }
            for name in described.headers
        }
    return answer


def _failures(described: Operation, path: str) -> dict[str, Any]:
    by_status: dict[int, list[type[ApiError]]] = {}
    for error in errors_of(described):
        by_status.setdefault(error.status, []).append(error)
    answers = {
        str(status): {
            "description": "; ".join(f"`{e.type}`: {_cause(e)}" for e in _distinct(errors)),
            "content": {"application/json": {"schema": _envelope(path, errors)}},
        }
        for status, errors in by_status.items()
    }
    if "If-None-Match" in described.conditions and described.status == 200:
        answers["304"] = {"description": "Nothing changed since the state in If-None-Match."}
    return answers


def _distinct(errors: Iterable[type[ApiError]]) -> list[type[ApiError]]:
    return list({error.type: error for error in errors}.values())


def _cause(error: type[ApiError]) -> str:
    """Answer the first sentence of the class's docstring: what the error means."""
    return (error.__doc__ or "").split(" Source:")[0].split("\n")[0].strip()


def _envelope(path: str, errors: list[type[ApiError]]) -> dict[str, Any]:
    types = sorted({error.type for error in errors})
    if path.startswith(ITEM_PREFIXES):
        properties = {
            "error": {"type": "string", "enum": types},
            "error_description": {"type": "string"},
        }
    else:
        inner = {"type": {"type": "string", "enum": types}, "message": {"type": "string"}}
        properties = {
            "error": {"type": "object", "properties": inner, "required": ["type", "message"]}
        }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _query(described: Operation) -> list[dict[str, Any]]:
    return [{"in": "query", "schema": described.query}] if described.query is not None else []


def _conditions(described: Operation) -> list[dict[str, Any]]:
    return [
        {
            "in": "header",
            "name": name,
            "description": CONDITIONS[name],
            "schema": {"type": "string", "pattern": r"^[\x20-\x7e]*$"},
        }
        for name in described.conditions
    ]


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {
            "in": "path",
            "name": public_name(name),
            "required": True,
            "schema": {"type": "string", "minLength": 1}
            if f"<reference:{name}>" in rule.rule
            else {"type": "integer", "minimum": 0},
        }
        for name in re.findall(r"<\w+:(\w+)>", rule.rule)
    ]


def _path(rule: Rule) -> str:
    return re.sub(r"<\w+:(\w+)>", lambda m: f"{{{public_name(m[1])}}}", rule.rule)


def _name(schema: Any) -> str:
    cls = schema if isinstance(schema, type) else type(schema)
    return cls.__name__.removesuffix("Schema")
