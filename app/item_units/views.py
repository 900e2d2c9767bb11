"""The item-unit routes: read, load, call, answer."""

from flask import Blueprint, Response, current_app, request

from app.accounts.auth import caller, require_token
from app.db import db, reading, transactional
from app.errors import API
from app.idempotency import idempotent
from app.item_units.answers import dump_item_unit, dump_many
from app.item_units.many import upsert_item_units
from app.item_units.operations import (
    CREATE_ITEM_UNIT,
    DELETE_ITEM_UNIT,
    DELETE_ITEM_UNIT_BY_REFERENCE,
    GET_ITEM_UNIT,
    GET_ITEM_UNIT_BY_REFERENCE,
    LIST_ITEM_UNITS,
    UPDATE_ITEM_UNIT,
    UPDATE_ITEM_UNIT_BY_REFERENCE,
    UPSERT_ITEM_UNIT,
    UPSERT_ITEM_UNITS,
)
from app.item_units.pairs import get_by_pair
from app.item_units.queries import get_item_unit, list_item_units
from app.item_units.rules import Options
from app.item_units.schemas import (
    ListQuery,
    Pair,
    key_in_path,
    load_change,
    load_group_query,
    load_many_row,
    load_move,
    load_pair,
    load_upsert_query,
)
from app.item_units.service import (
    Written,
    delete_item_unit,
    update_item_unit,
    upsert_item_unit,
)
from app.items.errors import (
    JsonParsingError,
)
from app.items.schemas import load_rows, refuse_param
from app.operations import operation
from app.payload import json_response, read_if_match, read_object, tagged
from app.query import describe_paging, load_query
from app.texts import clean_text

bp = Blueprint("itemUnits", __name__, url_prefix=f"{API}/itemUnits")
bp.before_request(require_token)


def answer(done: Written, status: int) -> Response:
    """Answer an item-unit that was written, with the headers that tell what happened."""
    headers = {"Upsert-Result": done.action, "Location": f"{API}/itemUnits/{done.id}"}
    return tagged(json_response(done.body, status, headers), done.id, done.version)


@bp.post("/reference/<reference:item>/<reference:unit>")
@operation(UPSERT_ITEM_UNIT)
@idempotent(caller)
def upsert_by_reference(item: str, unit: str) -> Response:
    """Create or update how an item is kept in a unit. Source: S2, CONTRACT 6."""
    body = read_object(JsonParsingError)
    group, transfer = load_upsert_query(request.args.items(multi=True))
    create_only = request.headers.get("If-None-Match", "").strip() == "*"
    options = Options(create_only=create_only, transfer=transfer, if_match=read_if_match())
    pair = Pair(key_in_path(item), key_in_path(unit), group)
    change = load_change(body, clean_text(item), clean_text(unit))
    return answer(upsert_item_unit(db.session(), caller(), pair, change, options), 201)


@bp.put("/reference/<reference:item>/<reference:unit>")
@operation(UPDATE_ITEM_UNIT_BY_REFERENCE)
@transactional
def update_by_reference(item: str, unit: str) -> Response:
    """Update the item-unit of a pair. Source: CONTRACT 7."""
    body = read_object(JsonParsingError)
    group, transfer = load_upsert_query(request.args.items(multi=True))
    options = Options(update_only=True, transfer=transfer, if_match=read_if_match())
    pair = Pair(key_in_path(item), key_in_path(unit), group)
    change = load_change(body, clean_text(item), clean_text(unit))
    return answer(upsert_item_unit(db.session(), caller(), pair, change, options), 200)


@bp.get("/reference/<reference:item>/<reference:unit>")
@operation(GET_ITEM_UNIT_BY_REFERENCE)
def show_by_reference(item: str, unit: str) -> Response:
    """Answer the item-unit of a pair. Source: CONTRACT 7."""
    group = load_group_query(request.args.items(multi=True))
    with reading() as session:
        row = get_by_pair(session, caller(), Pair(key_in_path(item), key_in_path(unit), group))
    shown = dump_item_unit(row._mapping, caller().organization)
    return tagged(json_response(shown), row.id, row.version)


@bp.delete("/reference/<reference:item>/<reference:unit>")
@operation(DELETE_ITEM_UNIT_BY_REFERENCE)
@transactional
def delete_by_reference(item: str, unit: str) -> Response:
    """Delete the item-unit of a pair. Source: CONTRACT 7."""
    group = load_group_query(request.args.items(multi=True))
    pair = Pair(key_in_path(item), key_in_path(unit), group)
    row = get_by_pair(db.session(), caller(), pair)
    delete_item_unit(db.session(), caller(), row.id, Options(if_match=read_if_match()))
    return Response(status=204)


@bp.post("")
@operation(CREATE_ITEM_UNIT)
@idempotent(caller)
def create() -> Response:
    """Create an item-unit from ids or references in the body. Source: CONTRACT 7."""
    body = read_object(JsonParsingError)
    group, transfer = load_upsert_query(request.args.items(multi=True))
    pair = load_pair(body, group)
    options = Options(create_only=True, transfer=transfer)
    return answer(upsert_item_unit(db.session(), caller(), pair, load_change(body), options), 201)


@bp.put("/<id:item_unit_id>")
@operation(UPDATE_ITEM_UNIT)
@transactional
def update(item_unit_id: int) -> Response:
    """Update an item-unit, or move it to another item or unit. Source: CONTRACT 6 and 7."""
    body = read_object(JsonParsingError)
    group, transfer = load_upsert_query(request.args.items(multi=True))
    moved_to = load_move(body)
    options = Options(transfer=transfer, if_match=read_if_match())
    change = load_change(body)
    session = db.session()
    return answer(
        update_item_unit(session, caller(), item_unit_id, moved_to, group, change, options), 200
    )


@bp.get("/<id:item_unit_id>")
@operation(GET_ITEM_UNIT)
def show(item_unit_id: int) -> Response:
    """Answer one item-unit. Source: CONTRACT 7."""
    with reading() as session:
        row = get_item_unit(session, caller(), item_unit_id)
    shown = dump_item_unit(row._mapping, caller().organization)
    return tagged(json_response(shown), row.id, row.version)


@bp.delete("/<id:item_unit_id>")
@operation(DELETE_ITEM_UNIT)
@transactional
def delete(item_unit_id: int) -> Response:
    """Delete an item-unit. Source: CONTRACT 7."""
    options = Options(if_match=read_if_match())
    delete_item_unit(db.session(), caller(), item_unit_id, options)
    return Response(status=204)


@bp.get("")
@operation(LIST_ITEM_UNITS)
def show_list() -> Response:
    """Answer a page of item-units. Source: CONTRACT 7."""
    query = list(request.args.items(multi=True))
    wanted = load_query(ListQuery(), query, refuse_param)
    with reading() as session:
        total, rows = list_item_units(session, caller(), wanted)
    paging = describe_paging(f"{API}/itemUnits", total, wanted, query)
    shown = [dump_item_unit(row._mapping, caller().organization) for row in rows]
    return json_response({"paging": paging, "itemUnits": shown})


@bp.post("/multiple")
@operation(UPSERT_ITEM_UNITS)
@idempotent(caller)
def upsert_many() -> Response:
    """Create or update many item-units. Source: CONTRACT 7."""
    limit = current_app.config["MAX_UNITS_PER_REQUEST"]
    rows = load_rows(read_object(JsonParsingError), "itemUnits", limit)
    group, transfer = load_upsert_query(request.args.items(multi=True))
    loaded = [load_many_row(row) for row in rows]
    options = Options(transfer=transfer)
    done = upsert_item_units(db.session(), caller(), loaded, group, options)
    return json_response(dump_many(rows, done, caller().organization))
