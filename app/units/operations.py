"""What each of the units routes takes and answers, for ``/openapi.json``."""

from app.accounts.errors import GroupNotFound, GroupReferenceNotFound, NoAccessToGroup
from app.errors import InvalidRequest
from app.operations import Operation
from app.units.documents import (
    EXAMPLE,
    AnyUpsertQuery,
    UnitsAnswer,
    UnitsBody,
    UnitShown,
    UnitsPage,
)
from app.units.errors import (
    BothGroupIdentifiersProvided,
    InvalidJson,
    NoGroup,
    TooManyUnits,
    UnitNotFound,
    UnitsRejected,
)
from app.units.requests import ListQuery

UPSERT_UNITS = Operation(
    id="upsertUnits",
    summary="Create or update many units of one group",
    body=UnitsBody,
    query=AnyUpsertQuery,
    answer=UnitsAnswer,
    errors=(
        InvalidJson,
        InvalidRequest,
        NoGroup,
        BothGroupIdentifiersProvided,
        NoAccessToGroup,
        GroupNotFound,
        GroupReferenceNotFound,
        TooManyUnits,
        UnitsRejected,
    ),
    examples={"two flats": EXAMPLE},
    lines="One unit a line in, one result a line out, in order; then a line with the summary.",
)

GET_UNIT = Operation(
    id="getUnit",
    summary="Show a unit",
    answer=UnitShown,
    errors=(UnitNotFound,),
    headers=("ETag",),
    conditions=("If-None-Match",),
)

LIST_UNITS = Operation(
    id="listUnits",
    summary="List units, oldest change first",
    query=ListQuery,
    answer=UnitsPage,
    errors=(
        InvalidRequest,
        BothGroupIdentifiersProvided,
        NoAccessToGroup,
        GroupNotFound,
        GroupReferenceNotFound,
    ),
)
