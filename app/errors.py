"""The family of errors that a client may see, and the two envelopes they come in.

Pure: standard library only. An error is raised where it is found and turned into an answer in one
place, ``app/error_handlers.py``.
"""

from typing import Any, ClassVar

API = "/api/v1.0"
ITEM_PREFIXES = (f"{API}/items", f"{API}/itemUnits", "/oauth/token")
"""Paths whose errors stand in the item-units envelope (CONTRACT 2); all others use the units one."""


class ApiError(Exception):
    """An answer that is no success. Subclasses state ``status``, ``type`` and ``message``."""

    status: ClassVar[int] = 400
    type: ClassVar[str]
    message: str = ""
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, message: str | None = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(self.message)

    def details(self) -> dict[str, Any]:
        """Answer what stands beside the error in the body."""
        return {}


class InvalidRequest(ApiError):
    """The envelope of a request is wrong; the text names the field. Source: CONTRACT 4.2."""

    type = "invalid_request"


def refuse_parameter(name: str, fault: str) -> InvalidRequest:
    """Answer what the units envelope says of a wrong query parameter."""
    return InvalidRequest(f"{name}: {fault}")


class UrlNotFound(ApiError):
    """Nothing is served at this URL. Source: CONTRACT 2."""

    status = 404
    type = "not_found"
    message = "There is nothing at this URL."


class MethodNotAllowed(ApiError):
    """The URL does not take this method; ``Allow`` names those that it takes. Source: CONTRACT 2."""

    status = 405
    type = "method_not_allowed"
    message = "This URL does not take this method."


class RequestTooLarge(ApiError):
    """The body has more bytes than ``MAX_CONTENT_LENGTH``. Source: CONTRACT 2."""

    status = 413
    type = "request_too_large"

    def __init__(self, limit: int = 0) -> None:
        super().__init__(f"The request body may have at most {limit} bytes.")


class BadRequest(ApiError):
    """The server could not understand the request at all (HTTP itself is broken). Ours."""

    type = "bad_request"
    message = "The server could not understand the request."


class UnsupportedMediaType(ApiError):
    """The body is no JSON by its headers. Source: CONTRACT 2."""

    status = 415
    type = "unsupported_media_type"
    message = "The request body must be JSON: send 'Content-Type: application/json'."


class ServiceUnavailable(ApiError):
    """The database did not answer in time; nothing was written. Source: ours, docs/decisions.md."""

    status = 503
    type = "temporarily_unavailable"
    message = "The service cannot answer right now. Please try again in a moment."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class OutcomeUnknown(ServiceUnavailable):
    """The database broke off while the change was being saved: it may have been saved or not. Ours.

    Asking again with the same ``Idempotency-Key`` is safe either way. Source: DESIGN 4.
    """

    type = "outcome_unknown"
    message = (
        "The change may have been saved or not. Please ask again, with the same Idempotency-Key if you"
        " sent one, or look first."
    )


class InvalidIdempotencyKey(ApiError):
    """The ``Idempotency-Key`` is empty, too long or no printable ASCII, or cannot be used here. Ours."""

    type = "invalid_idempotency_key"
    message = "The Idempotency-Key must have 1 to 255 printable ASCII characters."


class IdempotencyKeyReused(ApiError):
    """The ``Idempotency-Key`` was used for another request (path, query or body). Source: CONTRACT 8."""

    status = 422
    type = "idempotency_key_reused"
    message = "The Idempotency-Key was used for another request: send a new key with a new request."


class RequestInProgress(ApiError):
    """The first request with this ``Idempotency-Key`` is still running. Source: CONTRACT 8."""

    status = 409
    type = "request_in_progress"
    message = "The first request with this Idempotency-Key is still running. Please ask again."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class ServerError(ApiError):
    """A fault of ours; quote the ``X-Request-ID``. Source: S2, its text in both envelopes."""

    status = 500
    type = "server_error"
    message = "Oops! Something went wrong..."


def body_for(path: str, error_type: str, message: str) -> dict[str, Any]:
    """Answer the error body in the envelope of ``path``. Source: CONTRACT 2."""
    if path.startswith(ITEM_PREFIXES):
        return {"error": error_type, "error_description": message}
    return {"error": {"type": error_type, "message": message}}
