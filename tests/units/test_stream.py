"""POST /units/multiple with lines: chunks, a transaction each, a result line per line."""

import gc
import gzip
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import BindParameter

from app.lines import MAX_LINE, BrokenBody, expand, split_lines
from app.units.stream import CHUNK
from tests.world import API, World

NDJSON = "application/x-ndjson"


def to_lines(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def send(world: World, body: Any, query: str = "", **headers: str) -> Any:
    return world.http.post(
        f"{API}/units/multiple?group_external_ref=north-tower{query}",
        data=body,
        headers=world.headers(**headers),
        content_type=NDJSON,
        buffered=True,
    )


def results(answer: Any) -> tuple[list[Any], Any]:
    """Answer the result lines and the summary line."""
    assert (answer.status_code, answer.mimetype) == (200, NDJSON)
    lines = [json.loads(line) for line in answer.data.splitlines()]
    return lines[:-1], lines[-1]


def test_lines_are_what_rows_are(world: World) -> None:
    rows = [
        {"identifier": "A", "sqft": 4},
        {"identifier": "B", "address": {"address_line_1": "1 Main St"}},
        {"address": {"address_line_1": "1 MAIN STREET"}, "name": "x"},
        {"identifier": "A", "latitude": 3},
        {},
    ]
    streamed, ending = results(send(world, to_lines(rows)))
    assert ending == {
        "summary": {"created": 2, "updated": 1, "unchanged": 0, "failed": 2},
        "complete": True,
    }
    again = world.post_units(rows).json

    for row in (*streamed, *again["units"]):
        for name in ("created_at", "updated_at", "action"):
            row.pop(name, None)
    assert streamed[2:] == again["units"][2:]
    assert [row["index"] for row in streamed] == [0, 1, 2, 3, 4]


def test_a_broken_line_fails_alone_and_blank_ones_are_passed_over(world: World) -> None:
    body = (
        b'{"identifier":"A"}\r\n\n  \n{"identifier":\n[]\n{"a":1,"a":2}\n' + b'{"identifier":"B"}'
    )

    streamed, ending = results(send(world, body))

    assert [row["success"] for row in streamed] == [True, False, False, False, True]
    assert {row["error"]["type"] for row in streamed[1:4]} == {"invalid_json"}
    assert "line" in streamed[1]["failure_reason"]
    assert ending["summary"] == {"created": 2, "updated": 0, "unchanged": 0, "failed": 3}


def test_an_endless_line_fails_alone(world: World) -> None:
    body = b'{"identifier":"A"}\n' + b"x" * (3 * MAX_LINE) + b'\n{"identifier":"B"}\n'

    streamed, _ = results(send(world, body))

    assert [row["success"] for row in streamed] == [True, False, True]
    assert str(MAX_LINE) in streamed[1]["failure_reason"]


def test_chunks_are_committed_one_by_one_and_matched_across(world: World) -> None:
    rows = [{"identifier": f"U-{n}"} for n in range(2 * CHUNK + 5)]
    rows += [{"identifier": "U-0", "name": "again"}]

    streamed, ending = results(send(world, to_lines(rows)))

    assert ending["summary"] == {
        "created": 2 * CHUNK + 5,
        "updated": 1,
        "unchanged": 0,
        "failed": 0,
    }
    assert streamed[-1]["id"] == streamed[0]["id"]
    assert len(world.rows("units")) == 2 * CHUNK + 5


def test_flats_without_a_number_do_not_collapse_across_chunks_either(world: World) -> None:
    address = {"address_line_1": "1 Main St"}
    rows = [{"identifier": "first", "address": address}]
    rows += [{"identifier": f"U-{n}"} for n in range(CHUNK)]
    rows += [{"identifier": "second", "address": address}]

    streamed, _ = results(send(world, to_lines(rows)))

    assert streamed[-1]["error"]["type"] == "identity_conflict"
    assert streamed[-1]["error"]["conflicts_with"] == 0
    assert streamed[-1]["index"] == CHUNK + 1


def test_gzip_is_accepted(world: World) -> None:
    body = gzip.compress(to_lines([{"identifier": "A"}])) + gzip.compress(
        to_lines([{"identifier": "B"}])
    )

    streamed, ending = results(send(world, body, **{"Content-Encoding": "gzip"}))

    assert [row["identifier"] for row in streamed] == ["A", "B"]
    assert ending["complete"] is True


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"no gzip at all", "not valid gzip"),
        (gzip.compress(to_lines([{"identifier": "B"}]))[:-9], "ended before"),
        (gzip.compress(b" " * 30_000_000), "proportion"),
    ],
)
def test_a_broken_gzip_body_says_so_in_the_summary(world: World, body: bytes, words: str) -> None:
    _, ending = results(send(world, body, **{"Content-Encoding": "gzip"}))

    assert ending["complete"] is False
    assert ending["error"]["type"] == "invalid_json"
    assert words in ending["error"]["message"]


def test_a_client_that_goes_away_leaves_whole_chunks(world: World) -> None:
    class Cut(io.RawIOBase):
        """Gives a chunk and a half, and breaks."""

        parts: Iterator[bytes] = iter(
            [to_lines([{"identifier": f"U-{n}"}]) for n in range(CHUNK + CHUNK // 2)]
        )

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            part = next(self.parts, None)
            if part is None:
                raise ConnectionResetError
            buffer[: len(part)] = part
            return len(part)

    answer = world.http.post(
        f"{API}/units/multiple?group_external_ref=north-tower",
        environ_overrides={"wsgi.input": Cut(), "CONTENT_LENGTH": "1000000000"},
        headers=world.headers(),
        content_type=NDJSON,
        buffered=True,
    )

    streamed, ending = results(answer)
    assert (len(streamed), ending["complete"]) == (CHUNK, False)
    assert len(world.rows("units")) == CHUNK


@pytest.mark.parametrize(
    ("query", "status", "error"),
    [
        ("", 400, "no_group"),
        ("?group_id=1&group_external_ref=x", 400, "both_group_identifiers_provided"),
        ("?group_id=x", 400, "invalid_request"),
        ("?group_id=987654", 404, "group_not_found"),
        ("?group_external_ref=south-tower", 401, "no_access_to_group"),
        ("?group_external_ref=north-tower&atomic=true", 400, "invalid_request"),
        ("?group_external_ref=north-tower&explain=true", 400, "invalid_request"),
        ("?group_external_ref=north-tower&colour=red", 400, "invalid_request"),
    ],
)
def test_a_stream_names_its_group_in_the_query(
    world: World, query: str, status: int, error: str
) -> None:
    answer = world.http.post(
        f"{API}/units/multiple{query}",
        data=to_lines([{"identifier": "A"}]),
        headers=world.headers(),
        content_type=NDJSON,
    )

    assert (answer.status_code, answer.json["error"]["type"]) == (status, error)
    assert world.rows("units") == []


def test_an_empty_stream_and_a_dry_run(world: World) -> None:
    nothing = {"created": 0, "updated": 0, "unchanged": 0, "failed": 0}

    assert results(send(world, b"")) == ([], {"summary": nothing, "complete": True})
    streamed, ending = results(send(world, to_lines([{"identifier": "A"}]), "&dry_run=true"))

    assert (streamed[0]["action"], streamed[0]["id"]) == ("created", None)
    assert ending["dry_run"] is True
    assert world.rows("units") == []


def test_a_body_larger_than_the_limit_is_taken_as_a_stream(world: World) -> None:
    name = "x" * 250
    rows = [{"identifier": "A", "name": name}] * 70_000  # Some 18 MiB.

    streamed, ending = results(send(world, to_lines(rows)))

    assert len(streamed) == 70_000
    assert ending["summary"]["created"] == 1


def test_the_statements_of_a_chunk_do_not_depend_on_its_rows(world: World) -> None:
    counts = []
    for count in (10, CHUNK, 3 * CHUNK):
        rows = [{"identifier": f"{count}-{n}"} for n in range(count)]
        with world.statements() as seen:
            send(world, to_lines(rows))
        counts.append(len([s for s in seen if not s.startswith("BEGIN")]))

    fixed = counts[0] - (counts[2] - counts[1]) // 2
    assert counts[0] == counts[1]
    assert counts[2] == fixed + 3 * (counts[1] - fixed)


def test_no_chunk_is_kept_until_the_stream_ends(world: World) -> None:
    rows = [{"address": {"address_line_1": f"{n} Main St"}} for n in range(4 * CHUNK)]
    gc.collect()
    gc.disable()
    try:
        _, ending = results(send(world, to_lines(rows)))
        kept = [o for o in gc.get_objects() if isinstance(o, BindParameter)]
    finally:
        gc.enable()

    assert ending["summary"]["created"] == 4 * CHUNK
    sought = [o.value for o in kept if isinstance(o.value, list | str)]
    # SQLAlchemy remembers the first of each statement.
    assert len([value for value in sought if len(value) >= CHUNK]) <= 2


def test_lines_are_split_wherever_the_blocks_end() -> None:
    text = b"a\n\nbc\r\n  \ndef"
    for size in range(1, len(text) + 1):
        blocks = [text[n : n + size] for n in range(0, len(text), size)]
        assert list(split_lines(blocks)) == [b"a", b"bc\r", b"def"]


def test_gzip_is_expanded_wherever_the_blocks_end() -> None:
    text = b"".join(b"%d\n" % n for n in range(50_000))
    body = gzip.compress(text[:1000]) + gzip.compress(text[1000:])
    for size in (1, 7, 1000, len(body)):
        blocks = (body[n : n + size] for n in range(0, len(body), size))
        assert b"".join(expand(blocks)) == text
    with pytest.raises(BrokenBody):
        list(expand([body[:-1]]))
