"""Every error becomes an answer here, in the envelope of the request's path.

One app-wide handler per kind rather than one per blueprint: routing errors (404, 405) never reach a
blueprint, so the choice by path is needed anyway and serves all (docs/decisions.md).
"""

import logging
import sqlite3

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.db import is_sqlite_busy
from app.errors import ApiError, ServerError, ServiceUnavailable, body_for
from app.payload import json_response

log = logging.getLogger(__name__)

HTTP_TYPES = {
    404: ("not_found", "There is nothing at this URL."),
    405: ("method_not_allowed", "This URL does not take this method."),
    415: ("unsupported_media_type", "The request body has an unsupported media type."),
}
UNAVAILABLE_CLASSES = ("08", "53", "55", "57")
"""SQLSTATE classes that say *not now*: connection, resources, lock time-out, intervention."""


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(ApiError, answer_api_error)
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
    """Answer what Flask and Werkzeug raise, with their headers (``Allow``) and our body."""
    response = current_app.make_response(error.get_response())
    status = error.code or 500
    error_type, message = HTTP_TYPES.get(status, ("bad_request", error.description or ""))
    if status == 413:
        error_type = "request_too_large"
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        message = f"The request body may have at most {limit} bytes."
    response.data = json_response(body_for(request.path, error_type, message)).data
    response.content_type = "application/json"
    return response


def answer_database_error(error: DBAPIError | PoolTimeout) -> Response:
    """Answer 503 where the database says *not now*, else 500. No text of it ever leaves."""
    if isinstance(error, DBAPIError) and not _means_not_now(error):
        return answer_unknown(error)
    log.warning("The database is not available: %s", type(error).__name__)
    return answer_api_error(ServiceUnavailable())


def _means_not_now(error: DBAPIError) -> bool:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return is_sqlite_busy(original)
    state = getattr(original, "sqlstate", None)
    # Without a state the connection broke or was never made.
    return state is None or state.startswith(UNAVAILABLE_CLASSES)


def answer_unknown(error: Exception) -> Response:
    """Answer 500 for a fault of ours and log it; the client sees no detail."""
    log.error("Unhandled error", exc_info=error)
    return answer_api_error(ServerError())
