"""The item-unit routes: read, load, call, answer."""

from flask import Blueprint, Response, request

from app.accounts.auth import caller, require_token
from app.db import db, reading, transactional
from app.errors import API
from app.fields import clean_text
from app.item_units.schemas import load_change, load_query
from app.item_units.service import Pair, get_item_unit, upsert_item_unit
from app.items.errors import JsonParsingError
from app.payload import json_response, read_object

bp = Blueprint("itemUnits", __name__, url_prefix=f"{API}/itemUnits")
bp.before_request(require_token)


@bp.post("/reference/<reference:item>/<reference:unit>")
@transactional
def upsert_by_reference(item: str, unit: str) -> Response:
    """Create or update how an item is kept in a unit. Source: S2, CONTRACT 6."""
    body = read_object(JsonParsingError)
    group, options = load_query(
        request.args.items(multi=True), request.headers.get("If-None-Match", "")
    )
    change = load_change(body, clean_text(item), clean_text(unit))
    done = upsert_item_unit(db.session(), caller(), Pair(item, unit, group), change, options)
    headers = {"Upsert-Result": done.action, "Location": f"{API}/itemUnits/{done.id}"}
    return json_response(done.body, 201, headers)


@bp.get("/<id:item_unit_id>")
def show(item_unit_id: int) -> Response:
    """Answer one item-unit. Source: CONTRACT 7."""
    with reading() as session:
        return json_response(get_item_unit(session, caller(), item_unit_id))
