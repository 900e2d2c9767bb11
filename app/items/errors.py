"""The items error table, in source S2's words. Item-units share it."""

from typing import ClassVar

from app.errors import ApiError
from app.texts import LONGEST_NAME, tell


class JsonParsingError(ApiError):
    """The body is no JSON object. Source: S2."""

    type = "json_parsing_error"
    message = "A JSON parsing error occurred while parsing request parameters."

    def __init__(self, _detail: str | None = None) -> None:
        super().__init__()


class NotFound(ApiError):
    """The client named something by a reference or id that no record of its organization has."""

    status = 404
    type = "not_found"
    kind: ClassVar[str] = "record"

    def __init__(self, named: object) -> None:
        super().__init__(f"The {self.kind} with the id {tell(named)} doesn't exist.")


class ItemNotFound(NotFound):
    """No item has this reference or id. Source: S2."""

    kind = "item"


class MissingParam(ApiError):
    """A required parameter was not sent. Source: CONTRACT 6."""

    type = "missing_param"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} parameter is missing")


class UnknownParam(ApiError):
    """A parameter that nobody knows, so likely a misspelt one. Source: CONTRACT 6."""

    type = "unknown_param"

    def __init__(self, name: str) -> None:
        super().__init__(f"{tell(name, LONGEST_NAME)} is not a known parameter")


class InvalidParamType(ApiError):
    """A parameter of the wrong type or out of bounds. Source: S2."""

    type = "invalid_param_type"

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"An invalid value was specified for parameter: {name} ({expected})")


class TooManyRows(ApiError):
    """More rows than ``MAX_UNITS_PER_REQUEST``. Source: CONTRACT 2 and 7."""

    status = 413
    type = "request_too_large"
