"""The item-units error table, in source S2's words where it has them."""

from app.errors import ApiError
from app.items.errors import NotFound


class UnitNotFound(NotFound):
    """No unit that the client may use has this reference. Source: S2."""

    kind = "unit"


class ItemUnitNotFound(NotFound):
    """No item-unit has this id. Source: CONTRACT 7."""

    kind = "item unit"


class AmbiguousReference(ApiError):
    """Units of several groups have this reference. Source: CONTRACT 6."""

    type = "ambiguous_reference"
    message = (
        "Several groups have a unit with this reference. Name the group with the query parameter"
        " group_id or group_external_ref."
    )


class MissingParam(ApiError):
    """A required parameter was not sent. Source: CONTRACT 6."""

    type = "missing_param"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} parameter is missing")


class UnknownParam(ApiError):
    """A parameter that nobody knows, so likely a misspelt one. Source: CONTRACT 6."""

    type = "unknown_param"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name[:100]} is not a known parameter")


class InvalidParamType(ApiError):
    """A parameter of the wrong type or out of bounds. Source: S2."""

    type = "invalid_param_type"

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"An invalid value was specified for parameter: {name} ({expected})")


class DateValidationError(ApiError):
    """An expiration date that is no real day as ``YYYY-MM-DD``. Source: S2."""

    type = "date_validation_error"
    message = "incorrect expiration date Format"


class RefusedValue(ApiError):
    """A sales quantity other than 1 of a pack that is not unpacked. Source: S2, CONTRACT 6."""

    type = "refused_value"
    message = "Sales quantity should be equal to 1."


class IsDefaultError(ApiError):
    """Another unit is the item's default. Source: S2."""

    type = "is_default_error"
    message = "Item has already a default unit."


class AlreadyAssigned(ApiError):
    """The pair exists and the client asked to create it. Source: S2."""

    type = "already_assigned"
    message = "Item is already assigned to unit."
