"""The items error table, in source S2's words."""

from app.errors import ApiError


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
    kind = "record"

    def __init__(self, named: object) -> None:
        super().__init__(f"The {self.kind} with the id {named} doesn't exist.")


class ItemNotFound(NotFound):
    """No item has this reference or id. Source: S2."""

    kind = "item"
