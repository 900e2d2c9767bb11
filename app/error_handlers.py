"""Every error becomes an answer here, in the envelope of the request's path.

One app-wide handler per kind rather than one per blueprint: routing errors (404, 405) never reach a
blueprint, so the choice by path is needed anyway and serves all (docs/decisions.md).
"""

import logging
import sqlite3
import traceback

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.db import sqlite_code, sqlstate
from app.errors import (
    ApiError,
    BadRequest,
    MethodNotAllowed,
    OutcomeUnknown,
    RequestTooLarge,
    ServerError,
    ServiceUnavailable,
    UnsupportedMediaType,
    UrlNotFound,
    body_for,
)
from app.payload import json_response

log = logging.getLogger(__name__)

UNAVAILABLE_STATES = ("08", "25006", "40", "53", "55", "57", "58")
"""What SQLSTATEs begin with that say *not now*: connection, read-only, other transactions, resources,
lock time-out, intervention or statement time-out, the system around PostgreSQL."""

UNAVAILABLE_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
}
"""The same of SQLite: another writer, and what the disk or its rights say."""


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(ApiError, answer_api_error)
    app.register_error_handler(OutcomeUnknown, answer_outcome_unknown)
    app.register_error_handler(HTTPException, answer_http_exception)
    app.register_error_handler(DBAPIError, answer_database_error)
    app.register_error_handler(PoolTimeout, answer_database_error)
    app.register_error_handler(Exception, answer_unknown)


def answer_api_error(error: ApiError) -> Response:
    """Answer an error of our own family."""
    body = body_for(request.path, error.type, error.message) | error.details()
    response = json_response(body, error.status)
    response.headers.update(error.headers)
    return response


def answer_http_exception(error: HTTPException) -> Response:
    """Answer what Flask and Werkzeug raise, in our words; 405 keeps its ``Allow``."""
    response = answer_api_error(api_error_for(error.code))
    if "Allow" in (original := error.get_response()).headers:
        response.headers["Allow"] = original.headers["Allow"]
    return response


def api_error_for(code: int | None) -> ApiError:
    """Answer our own error for a status that Flask or Werkzeug raised."""
    if code == RequestTooLarge.status:
        return RequestTooLarge(current_app.config["MAX_CONTENT_LENGTH"])
    known = {error.status: error for error in (UrlNotFound, MethodNotAllowed, UnsupportedMediaType)}
    return known.get(code or 0, BadRequest)()


def answer_database_error(error: DBAPIError | PoolTimeout) -> Response:
    """Answer 503 where the database says *not now*, else 500. No text of it ever leaves."""
    if isinstance(error, DBAPIError) and not means_not_now(error):
        log_without_data(error)
        return answer_api_error(ServerError())
    told = (sqlstate(error) or sqlite_code(error)) if isinstance(error, DBAPIError) else ""
    log.warning("The database is not available: %s %s", type(error).__name__, told)
    return answer_api_error(ServiceUnavailable())


def answer_outcome_unknown(error: OutcomeUnknown) -> Response:
    """Answer 503 for an error in COMMIT, and leave a trace: somebody may have to look."""
    log.error("COMMIT failed, its outcome is unknown: %s", type(error.__cause__).__name__)
    return answer_api_error(error)


def log_without_data(error: DBAPIError) -> None:
    """Log where the database refused, but not its words: they quote what the client sent."""
    where = "".join(traceback.format_tb(error.__traceback__))
    told = sqlstate(error) or sqlite_code(error)
    log.error("Unhandled %s %s\n%s", type(error.orig).__name__, told, where)


def means_not_now(error: DBAPIError) -> bool:
    """Tell whether a later attempt can succeed: the fault lies neither in the request nor in our SQL."""
    if isinstance(error.orig, sqlite3.Error):
        return sqlite_code(error) in UNAVAILABLE_CODES
    state = sqlstate(error)
    if state is None:  # The connection broke or was never made; or the driver refused a value.
        return isinstance(error, OperationalError | InterfaceError)
    return state.startswith(UNAVAILABLE_STATES)


def answer_unknown(error: Exception) -> Response:
    """Answer 500 for a fault of ours and log it; the client sees no detail."""
    log.error("Unhandled error", exc_info=error)
    return answer_api_error(ServerError())
