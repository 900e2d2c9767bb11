"""The item-units error table, in source S2's words where it has them."""

from app.errors import ApiError
from app.items.errors import NotFound


class UnitNotFound(NotFound):
    """No unit that the client may use has this reference. Source: S2."""

    kind = "unit"


class ItemUnitNotFound(NotFound):
    """No item-unit has this id, or these references. Source: CONTRACT 7."""

    kind = "item unit"


class AmbiguousReference(ApiError):
    """Units of several groups have this reference. Source: CONTRACT 6."""

    type = "ambiguous_reference"
    message = (
        "Several groups have a unit with this reference. Name the group with the query parameter"
        " group_id or group_external_ref."
    )


class DateValidationError(ApiError):
    """An expiration date that is no real day as ``YYYY-MM-DD``. Source: S2."""

    type = "date_validation_error"
    message = "incorrect expiration date Format"


class PreconditionFailed(ApiError):
    """The item-unit is not as ``If-Match`` says. Source: CONTRACT 8."""

    status = 412
    type = "precondition_failed"
    message = "The item unit has changed: its ETag is not the one in If-Match."


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
