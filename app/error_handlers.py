"""Every error becomes an answer here, in the envelope of the request's path.

One app-wide handler per kind rather than one per blueprint: routing errors (404, 405) never reach a
blueprint, so the choice by path is needed anyway and serves all (docs/decisions.md).
"""

import logging
import sqlite3

from flask import Flask, Response, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.db import is_sqlite_busy
from app.errors import (
    ApiError,
    BadRequest,
    MethodNotAllowed,
    RequestTooLarge,
    ServerError,
    ServiceUnavailable,
    UnsupportedMediaType,
    UrlNotFound,
    body_for,
)
from app.payload import json_response

log = logging.getLogger(__name__)

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
    """Answer what Flask and Werkzeug raise, in our words; 405 keeps its ``Allow``."""
    response = answer_api_error(api_error_for(error.code))
    if "Allow" in (original := error.get_response()).headers:
        response.headers["Allow"] = original.headers["Allow"]
    return response


def api_error_for(code: int | None) -> ApiError:
    """Answer our own error for a status that Flask or Werkzeug raised."""
    if code == RequestTooLarge.status:
        return RequestTooLarge(request.max_content_length or 0)
    known = {error.status: error for error in (UrlNotFound, MethodNotAllowed, UnsupportedMediaType)}
    return known.get(code or 0, BadRequest)()


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
