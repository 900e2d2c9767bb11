"""What each of the units routes takes and answers, for ``/openapi.json``."""

from app.accounts.errors import GroupNotFound, GroupReferenceNotFound, NoAccessToGroup
from app.errors import InvalidRequest
from app.operations import Operation
from app.units.address_keys import AddressKeyQuery
from app.units.documents import (
    EXAMPLE,
    AddressKeyAnswer,
    AnyUpsertQuery,
    UnitsAnswer,
    UnitsBody,
    UnitShown,
    UnitsPage,
    UnitsRejection,
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
    description="""Name the group by `group_id` or by `group_external_ref`, not both. Rows are taken in
order: a known `identifier` finds its unit, else an `address` that fits one unit does, however it is
spelt; else a new unit is created.

Absent fields keep their value and `null` clears it. The answer is 200 even when rows failed: see
`success` and `failure_reason` of each row, or `summary`.""",
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
    failures={UnitsRejected: UnitsRejection},
    takes_key=True,
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

GET_ADDRESS_KEY = Operation(
    id="getAddressKey",
    summary="Show the canonical form of an address, by which units match",
    query=AddressKeyQuery,
    answer=AddressKeyAnswer,
    errors=(InvalidRequest,),
)

LIST_UNITS = Operation(
    id="listUnits",
    summary="List units, oldest change first",
    description="""Follow `next_cursor` until it is null. To follow changes, ask again with
`updated_since` a minute before the newest `updated_at` that you have.""",
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
