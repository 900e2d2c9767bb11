"""How much a request may say, and how much an answer repeats of it."""

import gzip
import io
import json
import logging
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from app.lines import MAX_LINE, MAX_RATIO, RATIO_FREE, BrokenBody, expand
from app.strict_json import MAX_DEPTH, parse_object
from app.units.errors import InvalidJson
from app.units.requests import MAX_FAULTS_OF_ALL, load_rows
from app.units.schemas import MAX_FAULTS, load_row
from tests.world import API, World

ROW = 64 * 1024
"""Bytes that the result of one row may have."""


def nested(depth: int) -> bytes:
    """Answer an object with arrays in it, ``depth`` of both together."""
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_a_body_is_nested_no_deeper_than_the_limit() -> None:
    assert parse_object(nested(MAX_DEPTH), InvalidJson) == json.loads(nested(MAX_DEPTH))
    with pytest.raises(InvalidJson, match=f"more than {MAX_DEPTH} deep"):
        parse_object(nested(MAX_DEPTH + 1), InvalidJson)


@pytest.mark.parametrize("name", ["k", "\U0001f600" * 90, '"\\' * 45, "\x01" * 90, "\u202e" * 90])
def test_the_result_of_a_row_stays_small_whatever_its_fields_are_called(
    world: World, name: str
) -> None:
    fine = {"name": "\U0001f600" * 255, "bathrooms": [{"has_sink": True}] * 100}
    row = {**fine, "address": {f"{name}{n}": 1 for n in range(500)}}
    row |= {f"{n}{name}": 1 for n in range(500)}

    answer = world.post_units([row])

    [result] = answer.json["units"]
    assert len(answer.data) < ROW
    assert 0 < len(result["error"]["fields"]) <= MAX_FAULTS
    assert all(path.isprintable() for path in result["error"]["fields"])


def test_all_faults_that_a_row_of_known_fields_can_have_are_told() -> None:
    rooms = [dict.fromkeys(("has_shower_or_bath", "has_sink", "has_toilet"), 0)] * 30
    known = ("identifier", "name", "sqft", "has_flex_wall", "number_of_bedrooms")

    rejected: Any = load_row({**{name: [] for name in known}, "bathrooms": rooms})

    assert len(rejected.fields) == len(known) + 90


def test_once_ten_thousand_faults_are_told_a_row_tells_its_first_only() -> None:
    bad = {f"k{n}": 1 for n in range(MAX_FAULTS)}
    fine = {"identifier": "A"}
    full = MAX_FAULTS_OF_ALL // MAX_FAULTS

    rows: Any = load_rows([*(bad for _ in range(full)), bad, fine, {"x": 1, "y": 2}])

    assert [len(row.fields) for row in rows[:full]] == [MAX_FAULTS] * full
    assert [len(rows[full].fields), rows[full + 1], len(rows[-1].fields)] == [1, fine, 1]


def test_ten_thousand_bad_rows_are_answered_row_by_row_in_bounds(world: World) -> None:
    row = {f"k{n}": 1 for n in range(20)}

    answer = world.post_units([row] * 10_000)

    assert answer.json["summary"] == {"created": 0, "updated": 0, "unchanged": 0, "failed": 10_000}
    assert len(answer.data) < 10_000 * 512


@pytest.mark.parametrize(
    ("path", "rows", "status"),
    [
        ("/units/multiple", {"group_external_ref": "north-tower", "units": [{}] * 10_001}, 413),
        ("/items/multiple", {"items": [{}] * 10_001}, 413),
        ("/itemUnits/multiple", {"itemUnits": [{}] * 10_001}, 413),
    ],
)
def test_more_rows_than_the_limit_are_refused_whole(
    world: World, path: str, rows: Any, status: int
) -> None:
    answer = world.post(path, rows)

    assert (answer.status_code, b"10000" in answer.data) == (status, True)
    assert len(answer.data) < 512


@pytest.mark.parametrize("path", ["/units/multiple", "/items/multiple", "/itemUnits/multiple"])
def test_a_body_beyond_the_limit_is_not_read(world: World, path: str) -> None:
    answer = world.http.post(
        f"{API}{path}",
        input_stream=Unread(),
        environ_overrides={"CONTENT_LENGTH": str(2**40)},
        headers=world.headers(),
        content_type="application/json",
    )

    assert answer.status_code == 413


class Unread(io.BytesIO):
    """A body that nobody may read."""

    def read(self, size: int | None = -1) -> bytes:
        """Fail."""
        raise AssertionError


class BrokenChunk(Exception):
    """What a server raises when a chunk has the wrong size; WSGI leaves the class to it."""


class Broken(io.BytesIO):
    """A body in chunks of which the second is broken."""

    def read(self, size: int | None = -1) -> bytes:
        """Answer the first chunk, then fail."""
        if self.tell():
            raise BrokenChunk
        return super().read(3)


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/api/v1.0/units/multiple", "application/json", 400),
        ("/api/v1.0/itemUnits", "application/json", 400),
        ("/oauth/token", "application/x-www-form-urlencoded", 400),
        ("/api/v1.0/units/multiple?group_external_ref=north-tower", "application/x-ndjson", 200),
    ],
)
def test_a_body_that_breaks_off_is_the_clients_fault(
    world: World, path: str, kind: str, status: int
) -> None:
    before = world.everything()

    answer = world.http.post(
        path,
        input_stream=Broken(b'{"a":1}'),
        environ_overrides={"wsgi.input_terminated": True},
        headers=world.headers(),
        content_type=kind,
        buffered=True,
    )

    assert answer.status_code == status, answer.data
    assert status == 400 or orjson.loads(answer.data.splitlines()[-1])["complete"] is False
    assert world.everything() == before


@pytest.mark.parametrize("header", ["Basic \xff\xfe", "Basic w4k6", "Basic /////w==", "Basic :"])
def test_credentials_that_are_no_base64_of_utf_8_are_no_client(world: World, header: str) -> None:
    answer = world.http.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": header},
    )

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_a_gzip_bomb_stops_when_it_goes_off() -> None:
    bomb = gzip.compress(b"\n" * 2**26)  # 64 MiB in 65 kB.
    given: list[int] = []

    with pytest.raises(BrokenBody, match="out of all proportion"):
        given.extend(map(len, expand([bomb])))

    assert sum(given) <= RATIO_FREE + MAX_RATIO * len(bomb) < 2**26


def test_a_bomb_within_a_bomb_stays_packed(world: World) -> None:
    twice = gzip.compress(gzip.compress(b"\n" * 2**24))

    answer = world.http.post(
        f"{API}/units/multiple?group_external_ref=north-tower",
        data=twice,
        headers=world.headers(**{"Content-Encoding": "gzip"}),
        content_type="application/x-ndjson",
        buffered=True,
    )

    assert orjson.loads(answer.data.splitlines()[-1])["summary"]["created"] == 0
    assert len(answer.data) < MAX_LINE


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "zstd", "x"])
def test_no_other_compression_is_taken(world: World, coding: str) -> None:
    for kind in ("application/json", "application/x-ndjson"):
        answer = world.http.post(
            f"{API}/units/multiple?group_external_ref=north-tower",
            data=b"{}",
            headers=world.headers(**{"Content-Encoding": coding}),
            content_type=kind,
        )
        assert answer.status_code == 415


def test_a_refusal_of_the_database_is_logged_without_what_was_sent(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(session: Any, _caller: Any, wanted: Any, *_: Any) -> None:
        sent = {"sent": wanted.rows[0]["identifier"], "none": None}
        session.execute(text("INSERT INTO organizations VALUES (:sent, :none, :none)"), sent)

    monkeypatch.setattr("app.units.views.upsert_units", refuse)
    caplog.set_level(logging.DEBUG)

    answer = world.post_units([{"identifier": "swordfish"}])

    assert answer.status_code == 500
    assert "Unhandled" in caplog.text
    assert "swordfish" not in caplog.text
    assert world.token not in caplog.text
