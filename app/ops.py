"""For operators: is it alive, is it ready, its figures; and where these and the documents are served."""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, current_app, g, request
from marshmallow import fields
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from app.db import db
from app.errors import ServiceUnavailable, UrlNotFound
from app.fields import StrictSchema
from app.metrics import render
from app.operations import Operation, operation
from app.payload import json_response

bp = Blueprint("ops", __name__)


class Health(StrictSchema):
    """What a probe wants to hear."""

    status = fields.String(required=True)


MIGRATIONS = Path(__file__).parent.parent / "migrations"
READY_WITHIN = 1.0
"""Seconds that the database has to answer a probe."""

SWITCHES = {
    "ops.show_health": "health",
    "ops.show_readiness": "health",
    "ops.show_metrics": "metrics",
    "docs.show_spec": "docs",
    "swagger_ui.show": "docs",
}
"""The routes for operators and the name in ``OPS_ROUTES`` that serves each."""

MAY_BE_OFF = (UrlNotFound,)

probes = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")
"""Asks the database, so that one that hangs does not hang the probe; a stuck question holds up the next
ones, which then are answered 503 in time too."""


def init_app(app: Flask) -> None:
    """Register the routes, and the headers that every answer carries."""
    app.config.setdefault("OPS_ROUTES", set(SWITCHES.values()))
    app.config.setdefault("OPS_PORT", "")
    app.register_blueprint(bp)
    app.before_request(refuse_elsewhere)
    app.after_request(add_headers)
    if trusted := app.config.get("TRUSTED_PROXIES", 0):
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=trusted, x_proto=trusted, x_host=0
        )


def add_headers(response: Response) -> Response:
    """Put the request id on the answer, and keep it out of caches and type guessing."""
    response.headers["X-Request-ID"] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def refuse_elsewhere() -> None:
    """Answer 404 for an operators' route that is switched off, or asked for at the wrong port.

    With ``OPS_BIND`` these routes are served there only, and nothing else is. Source: CONTRACT 9.
    """
    config = current_app.config
    switch = SWITCHES.get(request.endpoint or "")
    if switch is not None and switch not in config["OPS_ROUTES"]:
        raise UrlNotFound()
    port = config["OPS_PORT"]
    if port and (switch is not None) != (request.environ["SERVER_PORT"] == port):
        raise UrlNotFound()


@bp.get("/healthz")
@operation(
    Operation(
        id="getHealth",
        summary="The process lives",
        answer=Health,
        errors=MAY_BE_OFF,
        is_open=True,
    )
)
def show_health() -> Response:
    """Answer that the process lives; asks nobody. Source: CONTRACT 9."""
    return json_response({"status": "ok"})


@bp.get("/readyz")
@operation(
    Operation(
        id="getReadiness",
        summary="The database answers",
        answer=Health,
        errors=MAY_BE_OFF,
        is_open=True,
    )
)
def show_readiness() -> Response:
    """Answer that the database answers and its schema will do, else 503 within a second.

    It is 503 too once the server was told to stop, while it finishes what it has begun. A schema newer
    than this code is fine: migrations come first, and old servers serve on. Source: CONTRACT 9.
    """
    if current_app.config.get("IS_DRAINING", bool)():
        raise ServiceUnavailable("The server is stopping.")
    probe = probes.submit(stored_revision, db.engine)
    if is_behind(await_answer(probe)):
        raise ServiceUnavailable("The database schema is not current: run 'db upgrade'.")
    return json_response({"status": "ready"})


@bp.get("/metrics")
def show_metrics() -> Response:
    """Answer the figures of all workers, as Prometheus reads them. Source: CONTRACT 9."""
    body, content_type = render(request.headers.get("Accept", ""))
    return Response(body, content_type=content_type)


def await_answer(probe: Future[str | None]) -> str | None:
    """Answer what the database says, if it does so in time; raises ``ServiceUnavailable``."""
    try:
        return probe.result(READY_WITHIN)
    except TimeoutError:
        probe.cancel()
        raise ServiceUnavailable("The database did not answer within a second.") from None


def stored_revision(engine: Engine) -> str | None:
    """Answer the revision of the schema in the database, None for an empty one."""
    with engine.connect() as connection:
        connection = connection.execution_options(sqlite_begin="DEFERRED")
        return MigrationContext.configure(connection).get_current_revision()


def is_behind(revision: str | None) -> bool:
    """Tell whether a schema of this ``revision`` lacks a migration that this code needs."""
    *older, _current = known_revisions()
    return revision is None or revision in older


@cache
def known_revisions() -> tuple[str, ...]:
    """Answer the revisions that this code knows, oldest first."""
    scripts = ScriptDirectory(MIGRATIONS).walk_revisions()
    return tuple(reversed([script.revision for script in scripts]))
