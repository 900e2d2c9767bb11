"""The units routes: read, load, call, answer."""

from collections.abc import Sequence
from functools import partial

from flask import Blueprint, Response, current_app, request

from app.accounts.auth import caller, require_token
from app.accounts.service import find_group
from app.db import db, reading, transactional
from app.errors import API
from app.idempotency import idempotent, is_keyed, refuse_key
from app.operations import operation
from app.payload import NDJSON, file_response, json_response, read_json, read_lines, tagged
from app.telemetry import note_rows
from app.units.address_keys import show_address_key
from app.units.answers import count_actions, count_matches
from app.units.claims import Claims
from app.units.matching import Plan
from app.units.operations import (
    GET_ADDRESS_KEY,
    GET_UNIT,
    LIST_UNITS,
    UPSERT_UNITS,
)
from app.units.queries import get_unit, list_units
from app.units.requests import load_list, load_request, load_stream
from app.units.service import upsert_chunk, upsert_units
from app.units.stream import Loaded, upsert_stream

bp = Blueprint("units", __name__, url_prefix=f"{API}/units")
bp.before_request(require_token)


@bp.post("/multiple")
@operation(UPSERT_UNITS)
def upsert_many() -> Response:
    """Create or update many units of one group. Source: S1, CONTRACT 4."""
    return upsert_lines() if request.mimetype == NDJSON else upsert_all()


def upsert_all() -> Response:
    """Create or update the units of one JSON body, in one transaction.

    The body is read before the transaction begins and, unless a key needs it, let go; only its rows are
    kept. A dry run writes nothing, so its key is ignored.
    """
    config = current_app.config
    query = request.args.items(multi=True)
    # No name for the body: it would live as long as this function.
    wanted = load_request(read_json(keep=is_keyed()), query, config["MAX_UNITS_PER_REQUEST"])
    in_transaction = transactional if wanted.dry_run else idempotent(caller)

    @in_transaction
    def upsert() -> Response:
        done = upsert_units(db.session(), caller(), wanted, config["DEFAULT_COUNTRY"])
        note_rows("units", done.body["summary"], done.matches, dry_run=wanted.dry_run)
        return json_response(done.body, made=done.rows)

    return upsert()


def upsert_lines() -> Response:
    """Create or update units that come line by line, in a transaction a chunk."""
    refuse_key()
    wanted = load_stream(request.args.items(multi=True))
    with reading() as session:
        find_group(session, caller(), wanted.group)
    country = current_app.config["DEFAULT_COUNTRY"]
    run = transactional(partial(upsert_chunk, db.session(), caller(), wanted, country))

    def upsert(claims: Claims, first: int, rows: Sequence[Loaded]) -> tuple[int, Plan]:
        group_id, plan = run(claims, first, rows)
        note_rows(
            "units", count_actions(plan), count_matches(plan), dry_run=wanted.dry_run, more=True
        )
        return group_id, plan

    return file_response(upsert_stream(read_lines(), upsert, dry_run=wanted.dry_run), NDJSON)


@bp.get("/address-key")
@operation(GET_ADDRESS_KEY)
def show_key() -> Response:
    """Answer the canonical form and the key of an address. Source: ours, docs/api.md."""
    country = current_app.config["DEFAULT_COUNTRY"]
    return json_response(show_address_key(request.args.items(multi=True), country))


@bp.get("/<id:unit_id>")
@operation(GET_UNIT)
def show(unit_id: int) -> Response:
    """Answer one unit. Source: CONTRACT 5."""
    with reading() as session:
        unit, version = get_unit(session, caller(), unit_id)
    return tagged(json_response(unit), unit_id, version)


@bp.get("")
@operation(LIST_UNITS)
def show_list() -> Response:
    """Answer a page of units, oldest change first. Source: CONTRACT 5."""
    group, wanted = load_list(request.args.items(multi=True))
    with reading() as session:
        return json_response(list_units(session, caller(), group, wanted))
