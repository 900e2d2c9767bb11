"""Clients whose units collide and move: all that they are told is what the reference model says.

Each bulk upsert takes a number under the group's lock. Replayed in that order on the ten naive lines of
``tests/units/reference_model.py``, every result of every row and the table in the end must be the same:
the requests behaved as if they had come one after another. Without the lock the same test fails.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.units.rows import BLANK
from tests.units import reference_model
from tests.units.test_reference_model import shown, stored, told
from tests_faults.clients import Connection
from tests_faults.registry import UNITS, Registry
from tests_faults.servers import Server, serving

CLIENTS, TURNS, ROWS = 8, 25, 10
TURNS_WITHOUT = 8
"""Turns of each client without the lock: deadlocks take PostgreSQL a second each."""
PAUSE = 0.01
"""Seconds between look-up and write: without a lock, others get in between."""

LINES = ["1 Main St", "1 MAIN STREET", "2 Main St", "2 Main St Apt 3", "3 Oak Ave", "4 Elm Rd"]


class Request(NamedTuple):
    """A bulk upsert that was answered, or refused (``number`` 0)."""

    number: int
    group_id: int
    rows: list[dict[str, Any]]
    results: list[dict[str, Any]]


@pytest.mark.parametrize("groups", [1, 5, 20])
def test_all_answers_are_those_of_the_model(
    registry: Registry, folder: Path, tell: Callable[[str], None], groups: int
) -> None:
    requests = race(registry, folder, registry.groups[:groups], TURNS)

    tell(f"{len(requests)} requests, {len(requests) * ROWS} results equal to the model's")
    assert len(requests) == CLIENTS * TURNS
    assert list(differences(registry, requests)) == []


def test_without_the_lock_they_are_not(
    registry: Registry, folder: Path, tell: Callable[[str], None]
) -> None:
    requests = race(registry, folder, registry.groups[:1], TURNS_WITHOUT, FAULTS_NO_LOCK=1)

    found = list(differences(registry, requests))
    tell(f"{len(requests)} requests without the lock: {len(found)} differences, as {found[-1]}")
    assert [difference for difference in found if "refused" not in difference]


def race(
    registry: Registry, folder: Path, groups: list[int], turns: int, **settings: int
) -> list[Request]:
    """Have all clients post at once, to two servers, and answer what they were told."""
    count_commits(registry)
    settings = {"FAULTS_COMMITS": 1, "FAULTS_PAUSE": PAUSE, **settings}
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(registry.url, folder, **settings)) for _ in "12"]
        with ThreadPoolExecutor(CLIENTS) as pool:
            jobs = [
                pool.submit(post, registry.token, servers[number % 2], groups, turns, number)
                for number in range(CLIENTS)
            ]
            return [request for job in jobs for request in job.result()]


def count_commits(registry: Registry) -> None:
    """Make the counter of the commit numbers."""
    if registry.engine == "postgresql":
        registry.sql("CREATE SEQUENCE test_commits")
    else:
        registry.sql("CREATE TABLE test_commits (number INTEGER)")
        registry.sql("INSERT INTO test_commits VALUES (0)")


def post(token: str, server: Server, groups: list[int], turns: int, client: int) -> list[Request]:
    """Post batches of rows that collide with everybody's; answers what came of each."""
    chance, done = random.Random(client), []
    with Connection(server.port, token, keep=True) as connection:
        for _ in range(turns):
            group_id = chance.choice(groups)
            rows = [row(chance) for _ in range(ROWS)]
            answer = connection.ask("POST", UNITS, {"group_id": group_id, "units": rows})
            if answer.status == 200:
                number, results = int(answer.headers["X-Test-Commit"]), answer.json["units"]
                done.append(Request(number, group_id, rows, results))
            else:
                done.append(Request(0, group_id, rows, []))
    return done


def row(chance: random.Random) -> dict[str, Any]:
    """Answer a row that is likely to find, move or collide with a unit of another client."""
    made: dict[str, Any] = {"name": chance.choice(["x", "y", "z", None])}
    if chance.random() < 0.6:
        made["identifier"] = chance.choice("ABCDEFGH")
    if chance.random() < 0.7:
        made["address"] = {"address_line_1": chance.choice(LINES)}
    if chance.random() < 0.2:
        made["unit_number"] = chance.choice(["3", "4", None])
    return made


def differences(registry: Registry, requests: list[Request]) -> Iterator[str]:
    """Yield what differs between the model and the service: refusals, results, and the table."""
    model: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for number, group_id, rows, results in sorted(requests, key=lambda request: request.number):
        if not results:
            yield f"A request to group {group_id} was refused"
            continue
        expected = reference_model.post(model[group_id], rows)
        for result, wanted in zip(results, expected, strict=True):
            if wanted.get("action") == "created":  # Only the service knows which id it took.
                wanted["unit"]["id"] = result.get("id")
        for result, wanted in zip(shown(results), expected, strict=True):
            if result != (right := told(wanted, "", {})):
                yield f"Commit {number} of group {group_id}: {result}, not {right}"
    yield from different_tables(registry, model)


def different_tables(
    registry: Registry, model: Mapping[int, list[dict[str, Any]]]
) -> Iterator[str]:
    """Yield what differs between the table and the model's units."""
    units = [(unit["id"] or 0, group_id, unit) for group_id in model for unit in model[group_id]]
    units.sort(key=lambda each: each[0])
    places = [(unit_id, group_id) for unit_id, group_id, _ in units]
    if registry.sql("SELECT id, group_id FROM units ORDER BY id") != places:
        yield "There are other units than the model's"
    elif stored(registry.world) != [{name: unit[name] for name in BLANK} for *_, unit in units]:
        yield "The units differ from the model's"
    registry.let_go()
