"""For operators: is it alive, is it ready, and a request id on every answer."""

import re
import uuid
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, g, request
from marshmallow import fields

from app.db import reading
from app.errors import ServiceUnavailable
from app.fields import StrictSchema
from app.operations import Operation, operation
from app.payload import json_response

bp = Blueprint("ops", __name__)


class Health(StrictSchema):
    """What a probe wants to hear."""

    status = fields.String(required=True)


SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
MIGRATIONS = Path(__file__).parent.parent / "migrations"


def init_app(app: Flask) -> None:
    """Register the routes and the headers that every answer carries."""
    app.register_blueprint(bp)
    app.before_request(take_request_id)
    app.after_request(add_headers)


def take_request_id() -> None:
    """Keep the client's own ``X-Request-ID`` if it is a sane one, else make one."""
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if SANE_REQUEST_ID.fullmatch(given) else str(uuid.uuid4())


def add_headers(response: Response) -> Response:
    """Put the request id on the answer, and keep it out of caches and type guessing."""
    response.headers["X-Request-ID"] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@bp.get("/healthz")
@operation(Operation(id="getHealth", summary="The process lives", answer=Health, is_open=True))
def show_health() -> Response:
    """Answer that the process lives; asks nobody. Source: CONTRACT 9."""
    return json_response({"status": "ok"})


@bp.get("/readyz")
@operation(
    Operation(id="getReadiness", summary="The database answers", answer=Health, is_open=True)
)
def show_readiness() -> Response:
    """Answer that the database answers and its schema is current, else 503. Source: CONTRACT 9."""
    with reading() as session:
        stored = MigrationContext.configure(session.connection()).get_current_revision()
    if stored != ScriptDirectory(MIGRATIONS).get_current_head():
        raise ServiceUnavailable("The database schema is not current: run 'db upgrade'.")
    return json_response({"status": "ready"})
