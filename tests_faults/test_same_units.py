"""Everybody posts the same units at once: each is made once, nothing is lost, nobody is refused."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests_faults.clients import Answer, Connection
from tests_faults.history import OK, History, end, judge
from tests_faults.registry import UNITS, Registry
from tests_faults.servers import Server, serving

CLIENTS, SIZE = 8, 1000


@pytest.fixture(name="rounds")
def _rounds(request: pytest.FixtureRequest) -> int:
    """Answer how often each client posts."""
    return 50 if request.config.getoption("--full") else 15


def test_two_servers_and_eight_clients_make_each_unit_once(
    registry: Registry, folder: Path, tell: Callable[[str], None], rounds: int
) -> None:
    history = History()
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(registry.url, folder)) for _ in range(2)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            jobs = [
                pool.submit(post_all, registry, servers[number % 2], history, number, rounds)
                for number in range(CLIENTS)
            ]
            answers = [answer for job in jobs for answer in job.result()]

    times = sorted(answer.ended - answer.began for answer in answers)
    median, slowest = times[len(times) // 2], times[-1]
    tell(f"{len(answers)} requests of {SIZE} units; median {median:.2f} s, slowest {slowest:.1f} s")
    assert Counter(answer.status for answer in answers) == {200: CLIENTS * rounds}
    summaries = sum((Counter(answer.json["summary"]) for answer in answers), Counter())
    assert summaries == {"created": SIZE, "updated": (CLIENTS * rounds - 1) * SIZE}
    assert judge(history, registry.stored()) == []
    assert registry.sql(
        "SELECT count(*), count(DISTINCT address_key), count(DISTINCT identifier), sum(version)"
        f" FROM units WHERE group_id = {registry.groups[0]}"
    ) == [(SIZE, SIZE, SIZE // 2, SIZE * CLIENTS * rounds)]
    assert registry.deadlocks() == 0


def post_all(
    registry: Registry, server: Server, history: History, client: int, rounds: int
) -> list[Answer]:
    """Post the same units again and again in an order of one's own; answers the answers."""
    shuffled, numbers, answers = random.Random(client), list(range(SIZE)), []
    with Connection(server.port, registry.token, keep=True) as connection:
        for turn in range(rounds):
            shuffled.shuffle(numbers)
            rows = [unit(number, f"{client}.{turn}.{number}") for number in numbers]
            body = {"group_id": registry.groups[0], "units": rows}
            batch = history.invoke(client, {key_of(r): r["name"] for r in rows}, time.monotonic())
            answer = connection.ask("POST", UNITS, body)
            if answer.status == 200:
                told = {
                    write.key: row["version"]
                    for write, row in zip(batch, answer.json["units"], strict=True)
                }
                end(batch, OK, answer.ended, told)
            answers.append(answer)
    return answers


def key_of(row: Mapping[str, Any]) -> str:
    """Answer what a unit is known by."""
    return str(row.get("identifier") or row["address"]["address_line_1"])


def unit(number: int, name: str) -> dict[str, object]:
    """Answer a row; every other one has no identifier, and is only known by its address."""
    named = {"identifier": f"U-{number}"} if number % 2 else {}
    return {**named, "name": name, "address": {"address_line_1": f"{number} Main St"}}
