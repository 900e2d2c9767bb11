"""The items routes: read, load, call, answer."""

from flask import Blueprint, Response, current_app, request

from app.accounts.auth import caller, require_token
from app.db import db, reading
from app.errors import API
from app.idempotency import idempotent
from app.items.answers import dump_item, dump_steps
from app.items.errors import (
    JsonParsingError,
)
from app.items.operations import (
    GET_ITEM,
    LIST_ITEMS,
    UPSERT_ITEM,
    UPSERT_ITEMS,
)
from app.items.rules import NamedItem
from app.items.schemas import (
    ItemsQuery,
    load_name,
    load_named_item,
    load_reference,
    load_rows,
    refuse_param,
)
from app.items.service import get_item, list_items, upsert_item, upsert_items
from app.operations import operation
from app.payload import json_response, read_object
from app.query import describe_paging, load_query

bp = Blueprint("items", __name__, url_prefix=f"{API}/items")
bp.before_request(require_token)


@bp.post("/reference/<reference:reference>")
@operation(UPSERT_ITEM)
@idempotent(caller)
def upsert_by_reference(reference: str) -> Response:
    """Create or rename one item. Source: CONTRACT 7."""
    wanted = NamedItem(load_reference(reference), load_name(read_object(JsonParsingError)))
    step = upsert_item(db.session(), caller(), wanted)
    item = dump_item(step.item, caller().organization)
    headers = {"Upsert-Result": step.action, "Location": item["href"]}
    return json_response(item, 201, headers)


@bp.post("/multiple")
@operation(UPSERT_ITEMS)
@idempotent(caller)
def upsert_many() -> Response:
    """Create or rename many items. Source: CONTRACT 7."""
    limit = current_app.config["MAX_UNITS_PER_REQUEST"]
    rows = load_rows(read_object(JsonParsingError), "items", limit)
    steps = upsert_items(db.session(), caller(), [load_named_item(row) for row in rows])
    return json_response(dump_steps(rows, steps, caller().organization))


@bp.get("/<id:item_id>")
@operation(GET_ITEM)
def show(item_id: int) -> Response:
    """Answer one item. Source: CONTRACT 7."""
    with reading() as session:
        return json_response(dump_item(get_item(session, caller(), item_id), caller().organization))


@bp.get("")
@operation(LIST_ITEMS)
def show_list() -> Response:
    """Answer a page of items. Source: CONTRACT 7."""
    query = list(request.args.items(multi=True))
    wanted = load_query(ItemsQuery(), query, refuse_param)
    with reading() as session:
        total, items = list_items(session, caller(), wanted)
    paging = describe_paging(f"{API}/items", total, wanted, query)
    shown = [dump_item(item, caller().organization) for item in items]
    return json_response({"paging": paging, "items": shown})
