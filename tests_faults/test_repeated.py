"""A request is sent again with its ``Idempotency-Key``, whatever became of the first: one effect."""

import socket
import struct
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from tests_faults.clients import Answer, Connection
from tests_faults.databases import wait_until
from tests_faults.registry import UNITS, Registry
from tests_faults.servers import Server, serving

SENDERS = 16
TIMES = 20
REPLAYED = "Idempotent-Replayed"


def test_sixteen_at_once_have_one_effect_and_one_answer(registry: Registry, folder: Path) -> None:
    with serving(registry.url, folder) as server, ThreadPoolExecutor(SENDERS) as pool:
        answers = list(pool.map(lambda _: post(registry, server, "k", "A"), range(SENDERS)))
        other = post(registry, server, "k", "B")

    assert [answer.status for answer in answers] == [200] * SENDERS
    assert len({answer.content for answer in answers}) == 1
    assert Counter(a.headers.get(REPLAYED) for a in answers) == {None: 1, "true": SENDERS - 1}
    assert (other.status, other.json["error"]["type"]) == (422, "idempotency_key_reused")
    assert versions(registry) == {"A": 1}


def test_a_slow_first_makes_the_second_wait_or_come_back(registry: Registry, folder: Path) -> None:
    # On SQLite whoever writes waits for the whole database, not for a key.
    come_back = 503 if registry.engine == "sqlite" else 409
    with serving(registry.url, folder, DB_LOCK_TIMEOUT=1) as server, ThreadPoolExecutor(1) as pool:
        with held(folder, "before_commit"):
            first = pool.submit(post, registry, server, "k", "A")
            wait_until(lambda: (folder / "held-at-before_commit").exists(), "the first is at work")
            second = post(registry, server, "k", "A")
        third = post(registry, server, "k", "A")

    assert (second.status, second.headers["Retry-After"]) == (come_back, "1")
    assert first.result().status == third.status == 200
    assert third.content == first.result().content
    assert versions(registry) == {"A": 1}


@pytest.mark.parametrize("point", ["before_commit", "after_commit"])
def test_the_first_dies_and_another_takes_over(
    registry: Registry, folder: Path, point: str
) -> None:
    with serving(registry.url, folder) as server, ThreadPoolExecutor(4) as pool:
        (folder / f"kill-at-{point}").touch()
        first = post(registry, server, "k", "A")
        others = list(pool.map(lambda _: post(registry, server, "k", "A"), range(4)))

    assert first.status == 0
    replayed = 4 if point == "after_commit" else 3
    assert [answer.status for answer in others] == [200] * 4
    assert len({answer.content for answer in others}) == 1
    assert sum(REPLAYED in answer.headers for answer in others) == replayed
    assert versions(registry) == {"A": 1}


@pytest.mark.parametrize("read", [0, 20], ids=["before the answer", "in the midst of it"])
def test_a_client_that_hangs_up_can_ask_again(registry: Registry, folder: Path, read: int) -> None:
    with serving(registry.url, folder) as server:
        for number in range(TIMES):
            hang_up(registry, server, f"k-{number}", f"U-{number}", read)
        answers = [post(registry, server, f"k-{n}", f"U-{n}") for n in range(TIMES)]

    assert [answer.status for answer in answers] == [200] * TIMES
    assert [a.json["units"][0]["action"] for a in answers] == ["created"] * TIMES
    assert versions(registry) == {f"U-{number}": 1 for number in range(TIMES)}


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_connection_cut_in_commit_is_never_told_as_success(
    registry: Registry, folder: Path
) -> None:
    with serving(registry.url, folder) as server, ThreadPoolExecutor(1) as pool:
        with held(folder, "before_commit"):
            first = pool.submit(post, registry, server, "k", "A")
            wait_until(lambda: (folder / "held-at-before_commit").exists(), "it is about to commit")
            registry.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
            )
        again = post(registry, server, "k", "A")

    assert first.result().status == 503
    assert (again.status, again.headers.get(REPLAYED)) == (200, None)
    assert versions(registry) == {"A": 1}


def body_of(registry: Registry, identifier: str) -> bytes:
    """Answer the request's body: it gives a unit a name."""
    row = {"identifier": identifier, "name": f"name of {identifier}"}
    return orjson.dumps({"group_id": registry.groups[0], "units": [row]})


def post(registry: Registry, server: Server, key: str, identifier: str) -> Answer:
    """Post a unit under a key."""
    connection = Connection(server.port, registry.token)
    headers = {"Idempotency-Key": key}
    return connection.ask("POST", UNITS, body_of(registry, identifier), **headers)


def hang_up(registry: Registry, server: Server, key: str, identifier: str, read: int) -> None:
    """Post a unit and cut the connection after ``read`` bytes of the answer."""
    body = body_of(registry, identifier)
    head = [
        f"POST {UNITS} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {registry.token}",
        "Content-Type: application/json",
        f"Idempotency-Key: {key}",
        f"Content-Length: {len(body)}",
    ]
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        # Closing then resets the connection, as a crash of the client would.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.sendall("\r\n".join([*head, "", ""]).encode() + body)
        if read:
            raw.recv(read)


@contextmanager
def held(folder: Path, point: str) -> Iterator[None]:
    """Hold the next request at a point while the block runs."""
    (folder / f"hold-at-{point}").touch()
    try:
        yield
    finally:
        (folder / f"hold-at-{point}").unlink(missing_ok=True)
        (folder / f"held-at-{point}").unlink(missing_ok=True)


def versions(registry: Registry) -> dict[str, int]:
    """Answer the version of each unit: how often it was written."""
    return {row.key: row.version for row in registry.stored()}
