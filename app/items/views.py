"""The items routes."""

from flask import Blueprint, Response

from app.accounts.auth import caller, require_token
from app.db import reading
from app.errors import API
from app.items.service import get_item
from app.payload import json_response

bp = Blueprint("items", __name__, url_prefix=f"{API}/items")
bp.before_request(require_token)


@bp.get("/<id:item_id>")
def show(item_id: int) -> Response:
    """Answer one item. Source: CONTRACT 7."""
    with reading() as session:
        return json_response(get_item(session, caller(), item_id))
