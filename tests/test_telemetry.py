"""What operators see: log lines, figures, readiness; and where these routes are served."""

import io
import json
import logging
import logging.config
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app import create_app
from app.db import db, transactional
from logs import log_config
from tests.fixtures import config_for
from tests.world import API, World

ADDRESS = {"address_line_1": "12 Secret Lane", "city": "Springfield"}


@pytest.fixture(name="lines")
def _lines() -> Iterator[io.StringIO]:
    """Answer what the service writes while its log is as in production."""
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    logging.config.dictConfig(log_config("json", "INFO"))
    out = io.StringIO()
    root.handlers[0].setStream(out)  # type: ignore[attr-defined]
    yield out
    root.handlers[:] = before
    for name in ("app", "gunicorn.error"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def read(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def figure(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"registry_{name}", labels) or 0.0


def test_a_request_is_one_line_that_says_who_what_and_how_many(
    world: World, lines: io.StringIO
) -> None:
    rows = [{"identifier": "A", "address": ADDRESS}, {"identifier": "A"}, {"sqft": 4}]
    answer = world.post_units(rows)

    [line] = read(lines)
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert line["ms"] > 0
    assert {name: line[name] for name in ("client", "route", "method", "status", "rows")} == {
        "client": "entity1-sync",
        "route": f"{API}/units/multiple",
        "method": "POST",
        "status": 200,
        "rows": {"created": 1, "updated": 0, "unchanged": 1, "failed": 1},
    }
    written = lines.getvalue()
    assert "Secret Lane" not in written
    assert world.token not in written


def test_the_route_stands_for_the_url(world: World, lines: io.StringIO) -> None:
    world.get("/units/address-key?address_line_1=12%20Secret%20Lane")
    world.get("/nowhere/12%20Secret%20Lane")

    assert [line["route"] for line in read(lines)] == [f"{API}/units/address-key", "unknown"]
    assert "Secret" not in lines.getvalue()


def test_a_probe_that_is_well_is_no_line(world: World, lines: io.StringIO) -> None:
    world.http.get("/healthz")

    assert read(lines) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("trace-42", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("short", False),
        ("with space", False),
        ("with.dots", False),
        ("line\x1bescape", False),
    ],
)
def test_a_request_id_is_kept_only_if_it_is_sane(world: World, given: str, kept: bool) -> None:
    answer = world.http.get("/healthz", headers={"X-Request-ID": given})

    assert (answer.headers["X-Request-ID"] == given) is kept


def test_what_is_logged_cannot_break_the_line(lines: io.StringIO) -> None:
    logging.getLogger("app.test").info("a\nb\x1b[31m\x85\u2028", extra={"more": "c\r\nd"})

    assert read(lines)[0]["event"] == "a\nb\x1b[31m\x85\u2028"
    assert lines.getvalue().count("\n") == 1
    assert "\x1b" not in lines.getvalue()
    assert lines.getvalue().isascii()


def test_an_exception_says_where_but_not_what(lines: io.StringIO) -> None:
    class Refused(Exception):
        sqlstate = "23505"

    try:
        raise IntegrityError("INSERT", {"line": "12 Secret Lane"}, Refused("12 Secret Lane"))
    except IntegrityError:
        logging.getLogger("app.test").exception("Unhandled error")

    [line] = read(lines)
    assert line["trace"][0] == "IntegrityError (SQLSTATE 23505)"
    assert line["trace"][1].endswith("test_an_exception_says_where_but_not_what")
    assert "Secret" not in lines.getvalue()


def test_what_gunicorn_quotes_of_a_request_is_left_out(lines: io.StringIO) -> None:
    log = logging.getLogger("gunicorn.error")
    log.warning("Invalid request from ip=10.0.0.1: Invalid HTTP Header: 'Bearer abc'")
    log.error("Error handling request %s %s", "GET", "/x?address_line_1=12 Secret Lane")
    log.info("Booting worker with pid: %s", 7)

    assert [line["event"] for line in read(lines)] == [
        "Invalid request from ip=10.0.0.1: Invalid HTTP Header:",
        "Error handling request",
        "Booting worker with pid: 7",
    ]
    assert "Bearer" not in lines.getvalue()
    assert "Secret" not in lines.getvalue()


def test_an_unknown_form_of_the_log_is_refused() -> None:
    with pytest.raises(ValueError, match="LOG_FORMAT"):
        log_config("xml", "INFO")


def test_requests_and_rows_are_counted(world: World) -> None:
    route = f"{API}/units/multiple"

    def look() -> list[float]:
        return [
            figure("http_requests_total", route=route, method="POST", status="200"),
            figure("http_request_duration_seconds_count", route=route, method="POST"),
            *(figure("rows_total", kind="units", action=a) for a in ("created", "failed")),
            *(figure("units_matched_total", by=by) for by in ("identifier", "nothing")),
            figure("group_lock_wait_seconds_count"),
        ]

    before = look()
    world.post_units([{"identifier": "A"}, {"identifier": "A"}, {"identifier": "B"}, {"sqft": 4}])
    world.post_units([{"identifier": "C"}], query="?dry_run=true")

    assert [after - b for after, b in zip(look(), before, strict=True)] == [2, 2, 2, 1, 1, 2, 2]


def test_lines_of_a_stream_are_counted_chunk_by_chunk(
    world: World, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.units.stream.CHUNK", 2)
    before = figure("rows_total", kind="units", action="created")
    answer = world.http.post(
        f"{API}/units/multiple?group_id={world.group}",
        data=b"".join(b'{"identifier": "L%d"}\n' % n for n in range(5)),
        headers=world.headers(),
        content_type="application/x-ndjson",
    )

    answer.close()
    assert answer.status_code == 200
    assert figure("rows_total", kind="units", action="created") - before == 5
    assert read(lines)[0]["rows"]["created"] == 5


def test_single_item_units_and_items_are_rows_too(world: World, lines: io.StringIO) -> None:
    world.put_units({"identifier": "PACKET"})
    before = figure("rows_total", kind="item_units", action="created")

    world.upsert({"quantity": 4, "isDefault": True})
    world.post("/items/reference/new", {"name": "New"})
    world.post("/items/multiple", {"items": [{"reference": "x", "name": "X"}, {}]})

    assert figure("rows_total", kind="item_units", action="created") - before == 1
    assert [line["rows"].get("created") for line in read(lines)] == [1, 1, 1, 1]


def test_a_repeated_request_counts_its_rows_once(world: World) -> None:
    world.put_units({"identifier": "PACKET"})
    before = [figure("rows_total", kind=k, action="created") for k in ("units", "item_units")]

    for _ in range(2):
        world.upsert({"quantity": 4, "isDefault": True}, **{"Idempotency-Key": "one"})
        body = {"group_id": world.group, "units": [{"identifier": "A"}]}
        assert world.post("/units/multiple", body, **{"Idempotency-Key": "two"}).status_code == 200

    after = [figure("rows_total", kind=k, action="created") for k in ("units", "item_units")]
    assert [a - b for a, b in zip(after, before, strict=True)] == [1, 1]


def test_rows_of_a_request_that_failed_are_not_counted(world: World) -> None:
    before = figure("rows_total", kind="units", action="created")

    answer = world.post_units([{"identifier": "A"}, {}], query="?atomic=true")

    assert answer.status_code == 422
    assert figure("rows_total", kind="units", action="created") == before


def test_no_label_takes_what_a_client_chooses(world: World) -> None:
    for path in ("/a", "/b", f"{API}/units/1", f"{API}/units/2"):
        world.http.open(path, method="BREW")

    answer = world.http.get("/metrics")
    text = answer.get_data(as_text=True)
    assert answer.mimetype == "text/plain"
    assert 'method="other",route="unknown",status="404"' in text
    assert "BREW" not in text
    assert "units/1" not in text


def test_a_transaction_that_runs_again_is_counted(app: Flask) -> None:
    before = figure("transaction_retries_total")
    runs: list[None] = []

    @transactional
    def work() -> None:
        runs.append(None)
        if len(runs) < 3:
            raise IntegrityError("INSERT", {}, Exception())

    with app.app_context():
        work()
    assert figure("transaction_retries_total") - before == 2


def test_connections_in_use_are_counted(app: Flask) -> None:
    before = figure("db_pool_used")

    with app.app_context(), db.engine.connect(), db.engine.connect():
        assert figure("db_pool_used") - before == 2
    assert figure("db_pool_used") == before


OPERATORS = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs/")


def statuses(app: Flask, **environ: str) -> list[int]:
    paths = (*OPERATORS, f"{API}/groups")
    return [app.test_client().get(p, environ_overrides=environ).status_code for p in paths]


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        (["health", "metrics", "docs"], [200, 200, 200, 200, 200]),
        (["health"], [200, 200, 404, 404, 404]),
        (["docs"], [404, 404, 404, 200, 200]),
        ([], [404, 404, 404, 404, 404]),
    ],
)
def test_operators_routes_can_be_switched_off(
    world: World, monkeypatch: pytest.MonkeyPatch, routes: list[str], expected: list[int]
) -> None:
    monkeypatch.setitem(world.app.config, "OPS_ROUTES", routes)

    assert statuses(world.app) == [*expected, 400]


@pytest.mark.usefixtures("migrated_app")
def test_operators_routes_can_have_a_port_of_their_own(engine_url: str) -> None:
    app = create_app(config_for(engine_url, OPS_PORT="9000"))

    assert statuses(app, SERVER_PORT="8000") == [404, 404, 404, 404, 404, 400]
    assert statuses(app, SERVER_PORT="9000") == [200, 200, 200, 200, 200, 404]
    with app.app_context():
        db.engine.dispose()


def set_revision(world: World, revision: str) -> None:
    with world.app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def test_a_schema_newer_than_the_code_is_ready_and_an_older_one_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.app.app_context(), db.engine.connect() as connection:
        current = connection.scalar(text("SELECT version_num FROM alembic_version"))
    try:
        set_revision(world, "9999")
        newer = world.http.get("/readyz")
    finally:
        set_revision(world, current)
    monkeypatch.setattr("app.ops.known_revisions", lambda: (current, "9999"))
    older = world.http.get("/readyz")

    assert (newer.status_code, older.status_code) == (200, 503)
    assert older.json["error"]["message"].startswith("The database schema is not current")


def test_a_database_that_hangs_is_not_ready_within_the_limit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr("app.ops.stored_revision", lambda _engine: str(gate.wait(60)))
    monkeypatch.setattr("app.ops.READY_WITHIN", 0.05)

    answers = [world.http.get("/readyz"), world.http.get("/readyz")]
    gate.set()

    assert [answer.status_code for answer in answers] == [503, 503]
    assert "within a second" in answers[0].json["error"]["message"]


def test_a_server_that_stops_is_alive_but_not_ready(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(world.app.config, "IS_DRAINING", lambda: True)

    answers = [world.http.get(path) for path in ("/healthz", "/readyz")]

    assert [answer.status_code for answer in answers] == [200, 503]


@pytest.mark.parametrize(("trusted", "seen"), [(0, "127.0.0.1"), (1, "10.0.0.2")])
def test_a_forwarded_address_counts_only_behind_a_trusted_proxy(
    engine_url: str, lines: io.StringIO, trusted: int, seen: str
) -> None:
    app = create_app(config_for(engine_url, TRUSTED_PROXIES=trusted))
    app.test_client().get("/x", headers={"X-Forwarded-For": "1.2.3.4, 10.0.0.2"})

    assert [line["remote"] for line in read(lines)] == [seen]
    with app.app_context():
        db.engine.dispose()
