"""The units error table. The row errors are values in the plan: ``matching.Reject``."""

from typing import Any, ClassVar

from app.errors import ApiError


class InvalidJson(ApiError):
    """The body is no JSON object. Source: CONTRACT 4.2."""

    type = "invalid_json"


class NoGroup(ApiError):
    """Neither group key was sent. Source: S1."""

    type = "no_group"
    message = "You must either provide a group id or group external reference in the request body."


class BothGroupIdentifiersProvided(ApiError):
    """Both group keys were sent. Source: S1."""

    type = "both_group_identifiers_provided"
    message = (
        "You have provided both a group id and group external reference for the create/update"
        " units operation. Please only provide one of the two."
    )


class TooManyUnits(ApiError):
    """More rows than ``MAX_UNITS_PER_REQUEST``. Source: CONTRACT 4.2."""

    status = 413
    type = "too_many_units"


class UnitNotFound(ApiError):
    """No unit has this id, or none that the client may see. Source: CONTRACT 5."""

    status = 404
    type = "unit_not_found"
    message = "We could not find a unit with the ID you have provided."


class UnitsRejected(ApiError):
    """An atomic request had a failing row; nothing was written. Source: CONTRACT 4.5."""

    status: ClassVar[int] = 422
    type = "units_rejected"

    def __init__(self, message: str, answer: dict[str, Any]) -> None:
        super().__init__(message)
        self.answer = answer

    def details(self) -> dict[str, Any]:
        """Answer the rows and their summary, as a success would show them."""
        return self.answer
