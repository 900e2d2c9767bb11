"""``POST /oauth/token`` (OAuth 2.0 client credentials), and the groups that a client may use."""

from urllib.parse import unquote_plus

from flask import Blueprint, Response, current_app, request

from app.accounts.auth import caller, issue_token, read_basic, require_token
from app.accounts.errors import (
    InvalidClient,
    TokenRequestInvalid,
    UnsupportedGrantType,
)
from app.accounts.operations import (
    CREATE_TOKEN,
    GET_GROUP,
    LIST_GROUPS,
)
from app.accounts.schemas import GroupsQuery
from app.accounts.service import authenticate_client, get_group, list_groups
from app.db import reading
from app.errors import API, refuse_parameter
from app.operations import operation
from app.payload import json_response
from app.query import load_query
from app.texts import LONGEST_NAME, tell

bp = Blueprint("accounts", __name__)
groups_bp = Blueprint("groups", __name__, url_prefix=f"{API}/groups")
groups_bp.before_request(require_token)


@bp.post("/oauth/token")
@operation(CREATE_TOKEN)
def create_token() -> Response:
    """Answer a token for a client id and secret. Source: CONTRACT 3, RFC 6749 4.4."""
    check_grant()
    client_id, secrets = read_credentials()
    with reading() as session:
        token = issue_token(authenticate_client(session, client_id, secrets))
    lifetime = current_app.config["JWT_ACCESS_TOKEN_EXPIRES"]
    return json_response(
        {"access_token": token, "token_type": "Bearer", "expires_in": lifetime},
        headers={"Cache-Control": "no-store", "Pragma": "no-cache"},
    )


def check_grant() -> None:
    """Refuse a request that is no client-credentials request in a form."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise TokenRequestInvalid("Send the parameters as application/x-www-form-urlencoded.")
    for name, values in request.form.lists():
        if len(values) > 1:
            raise TokenRequestInvalid(
                f"The parameter {tell(name, LONGEST_NAME)} is given more than once."
            )
    if not request.form.get("grant_type"):
        raise TokenRequestInvalid("The parameter grant_type is missing.")
    if request.form["grant_type"] != "client_credentials":
        raise UnsupportedGrantType()


def read_credentials() -> tuple[str, list[str]]:
    """Answer the client's id and secret, from Basic authorization or from the form, not both.

    In Basic both parts are form-encoded first (RFC 6749 2.3.1), which half of all clients do not do;
    so there the secret is answered in both readings, where they differ.
    """
    client_id, secret = request.form.get("client_id"), request.form.get("client_secret")
    secrets = [secret] if secret else []
    if request.headers.get("Authorization"):
        if secret is not None:
            raise TokenRequestInvalid("Authenticate in the header or in the form, not in both.")
        user, password = read_basic()
        client_id = unquote_plus(user)
        secrets = list(dict.fromkeys([password, unquote_plus(password)]))
    if not client_id or "\x00" in client_id or not any(secrets):
        raise InvalidClient()
    return client_id, secrets


@groups_bp.get("")
@operation(LIST_GROUPS)
def show_groups() -> Response:
    """Answer a page of the groups that the client may use. Source: CONTRACT 5."""
    wanted = load_query(GroupsQuery(), request.args.items(multi=True), refuse_parameter)
    with reading() as session:
        return json_response(list_groups(session, caller(), wanted))


@groups_bp.get("/<id:group_id>")
@operation(GET_GROUP)
def show_group(group_id: int) -> Response:
    """Answer one group. Source: CONTRACT 5."""
    with reading() as session:
        return json_response(get_group(session, caller(), group_id))
