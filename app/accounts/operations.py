"""What each of the accounts routes takes and answers, for ``/openapi.json``."""

from app.accounts.documents import GroupShown, GroupsPage, TokenBody, TokenShown
from app.accounts.errors import (
    GroupNotFound,
    InvalidClient,
    NoAccessToGroup,
    TokenRequestInvalid,
    UnsupportedGrantType,
)
from app.accounts.schemas import GroupsQuery
from app.errors import BadRequest, InvalidRequest, RequestTooLarge
from app.operations import Operation

CREATE_TOKEN = Operation(
    id="createToken",
    summary="Get a token for a client id and secret",
    description="OAuth 2.0 client credentials: id and secret in the form or in Basic authorization.",
    body=TokenBody,
    answer=TokenShown,
    errors=(BadRequest, TokenRequestInvalid, UnsupportedGrantType, InvalidClient, RequestTooLarge),
    is_open=True,
    is_form=True,
)

LIST_GROUPS = Operation(
    id="listGroups",
    summary="List the groups that the client may use",
    query=GroupsQuery,
    answer=GroupsPage,
    errors=(InvalidRequest,),
)

GET_GROUP = Operation(
    id="getGroup",
    summary="Show a group",
    answer=GroupShown,
    errors=(GroupNotFound, NoAccessToGroup),
)
