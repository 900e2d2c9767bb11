"""The API described: ``/openapi.json`` from the schemas and the error classes, ``/docs`` to read it.

Each view says what it takes and answers with ``@operation``; the fields say what they accept
(``Field.describe``) and the error classes their status, type and text. So the description is made of
what the code does, and ``tests/fixtures.py`` holds every answer of the test suite against it.
"""

from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Flask, Response, current_app
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.routing import Rule

from app.accounts.errors import ExpiredToken, InvalidAuthorization, MissingAuthorization
from app.errors import (
    ApiError,
    BadRequest,
    IdempotencyKeyReused,
    InvalidIdempotencyKey,
    OutcomeUnknown,
    RequestInProgress,
    RequestTooLarge,
    ServerError,
    ServiceUnavailable,
    UnsupportedMediaType,
    UrlNotFound,
)
from app.openapi import (
    describe_body,
    describe_field,
    describe_parameters,
    describe_success,
    public_path,
)
from app.openapi_errors import ENVELOPES, describe_failures
from app.operations import Operation
from app.payload import NDJSON, json_response

VERSION = "1.0"
DESCRIPTION = """Keeps an organization's master data in step with the systems it comes from.

Post what you have, again and again: what is known is found and updated, the rest is created, and every
row says what was done and why.

**To try it here**, press *Authorize* and paste a token (`flask --app wsgi token CLIENT_ID` prints it),
or give a client id and secret. Then open an operation and press *Try it out*.

**Errors** come in one of two shapes: `ItemUnitsError` from items, item-units and tokens, `UnitsError`
from all others. Each operation lists the codes that it can answer."""

TAGS = {
    "units": (
        "Units",
        "Whatever an organization keeps in a group: a flat, a store room, a pack size.",
    ),
    "groups": ("Groups", "Sets of units: a building, a portfolio. Operators make them."),
    "itemUnits": ("Item-units", "One item in one unit: how many, how heavy, which barcode."),
    "items": ("Items", "Things that are stocked or sold."),
    "accounts": ("Tokens", "OAuth 2.0 client credentials."),
    "ops": ("Health", "For load balancers and operators; no token needed."),
}
"""The blueprints in the order in which people need them, with their titles and what they are about."""

SECURITY: dict[str, dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "client": {
        "type": "oauth2",
        "description": "A client id and secret, exchanged for a token.",
        "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}},
    },
}
PAGE = {
    "app_name": "Unit Registry",
    "validatorUrl": None,
    "persistAuthorization": True,
    "displayRequestDuration": True,
    "defaultModelsExpandDepth": 0,
    "defaultModelExpandDepth": 4,
}
"""Settings of Swagger UI; without a validator it asks nobody outside."""

TOKEN_ERRORS = (MissingAuthorization, ExpiredToken, InvalidAuthorization)
BODY_ERRORS = (BadRequest, UnsupportedMediaType, RequestTooLarge)
KEY_ERRORS = (InvalidIdempotencyKey, RequestInProgress, IdempotencyKeyReused)
SERVER_ERRORS = (ServerError, ServiceUnavailable)
bp = Blueprint("docs", __name__)


def init_app(app: Flask) -> None:
    """Serve the description and the page that shows it, from files of a package: no network."""
    app.register_blueprint(bp)
    app.register_blueprint(get_swaggerui_blueprint("/docs", "/openapi.json", config=PAGE))


@bp.get("/openapi.json")
def show_spec() -> Response:
    """Answer the description of the API. Source: CONTRACT 9."""
    return json_response(build_spec(current_app._get_current_object()))  # type: ignore[attr-defined]


@cache
def build_spec(app: Flask) -> dict[str, Any]:
    """Answer the OpenAPI 3.1 description of every route of ``app``."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec(
        "Unit Registry", VERSION, "3.1.0", plugins=[plugin], info={"description": DESCRIPTION}
    )
    assert plugin.converter is not None  # noqa: S101 - APISpec has just made it.
    plugin.converter.add_attribute_function(describe_field)  # type: ignore[no-untyped-call]
    for name, scheme in SECURITY.items():
        spec.components.security_scheme(name, scheme)
    for name, schema in ENVELOPES.items():
        spec.components.schema(name, schema=schema)
    for title, about in TAGS.values():
        spec.tag({"name": title, "description": about})
    for rule, described in described_rules(app):
        for wider in described.failures.values():
            spec.components.schema(wider.__name__, schema=wider)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            entry = {method.lower(): describe_operation(described, rule)}
            spec.path(public_path(rule), operations=entry)
    return spec.to_dict()


def described_rules(app: Flask) -> list[tuple[Rule, Operation]]:
    """Answer the routes that say what they do, in the order of ``TAGS``, then of their views."""
    found = [
        (rule, getattr(app.view_functions[rule.endpoint], "operation", None))
        for rule in app.url_map.iter_rules()
    ]
    order = list(TAGS)
    return sorted(
        [(rule, operation) for rule, operation in found if operation is not None],
        key=lambda pair: order.index(pair[0].endpoint.split(".")[0]),
    )


def describe_operation(described: Operation, rule: Rule) -> dict[str, Any]:
    """Answer one operation: parameters, body, and an answer for every status it can have."""
    path, errors = public_path(rule), errors_of(described)
    if "{id}" in path:
        errors = (*errors, UrlNotFound)
    entry: dict[str, Any] = {
        "operationId": described.id,
        "summary": described.summary,
        "description": described.description,
        "tags": [TAGS[rule.endpoint.split(".")[0]][0]],
        "parameters": describe_parameters(described, rule),
        "responses": {
            str(described.status): describe_success(described),
            **describe_failures(described, path, errors),
        },
        "security": [] if described.is_open else [{name: []} for name in SECURITY],
    }
    if described.body is not None:
        entry["requestBody"] = describe_body(described)
    if described.lines:
        lines = {"type": "string", "format": "binary", "description": described.lines}
        stream = {NDJSON: {"schema": lines}}
        entry["requestBody"]["content"] |= stream
        entry["responses"][str(described.status)]["content"] |= stream
    return entry


def errors_of(described: Operation) -> tuple[type[ApiError], ...]:
    """Answer every error that the operation can answer."""
    token = () if described.is_open else TOKEN_ERRORS
    body = BODY_ERRORS if described.body is not None and not described.is_form else ()
    key = KEY_ERRORS if described.takes_key else ()
    unknown = (OutcomeUnknown,) if described.writes else ()
    return (*token, *body, *key, *described.errors, *SERVER_ERRORS, *unknown)


def _name(schema: Any) -> str:
    """Answer how a generated client calls a schema: ``UnitShown`` is its ``Unit``."""
    cls = schema if isinstance(schema, type) else type(schema)
    return cls.__name__.removesuffix("Schema").removesuffix("Shown")
