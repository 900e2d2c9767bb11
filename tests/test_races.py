"""Clients that do the same thing at the same time, in threads of one server."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.units.matching import plan
from tests.world import World

THREADS = 6


def at_once(calls: list[Any]) -> list[TestResponse]:
    """Make all ``calls`` start together; answers what each of them got."""
    barrier = Barrier(len(calls))

    def run(call: Any) -> TestResponse:
        barrier.wait()
        answer: TestResponse = call()
        return answer

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture(name="meeting")
def _meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two requests meet between their look-up and their write, if anything lets them.

    Without the group's lock they do, and make what has no identifier twice; with it the first waits in
    vain.
    """
    barrier = Barrier(2)

    def meet_and_plan(*args: Any) -> Any:
        with contextlib.suppress(BrokenBarrierError):
            barrier.wait(timeout=1)
        return plan(*args)

    monkeypatch.setattr("app.units.service.plan", meet_and_plan)


@pytest.mark.usefixtures("meeting")
@pytest.mark.parametrize("every", [2, 1000], ids=["half with identifiers", "by address only"])
def test_six_clients_posting_the_same_new_units_make_each_of_them_once(
    world: World, every: int
) -> None:
    batch = [
        {
            **({"identifier": f"U-{n}"} if n % every == every - 1 else {}),
            "address": {"address_line_1": f"{n} Main St"},
        }
        for n in range(200)
    ]
    rotated = [batch[30 * n :] + batch[: 30 * n] for n in range(THREADS)]

    answers = at_once([lambda rows=rows: world.post_units(rows) for rows in rotated])

    assert [answer.status_code for answer in answers] == [200] * THREADS
    summaries = [answer.json["summary"] for answer in answers]
    assert sum(summary["created"] for summary in summaries) == 200
    assert sum(summary["unchanged"] for summary in summaries) == 200 * (THREADS - 1)
    stored = world.rows("units")
    assert len(stored) == len({row["address_key"] for row in stored}) == 200


def test_six_clients_upserting_one_pair_make_it_once(world: World) -> None:
    world.put_units({"identifier": "PACKET"})

    answers = at_once(
        [lambda n=n: world.upsert({"quantity": n + 1, "isDefault": True}) for n in range(THREADS)]
    )

    assert [answer.status_code for answer in answers] == [201] * THREADS
    results = [answer.headers["Upsert-Result"] for answer in answers]
    assert sorted(results) == ["created"] + ["updated"] * (THREADS - 1)
    assert len(world.rows("item_units")) == 1


def test_six_clients_claiming_the_default_leave_exactly_one(world: World) -> None:
    world.put_units(*({"identifier": f"U-{n}"} for n in range(THREADS)))

    answers = at_once(
        [
            lambda n=n: world.upsert({"quantity": 1, "isDefault": True}, unit=f"U-{n}")
            for n in range(THREADS)
        ]
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [400] * (THREADS - 1)
    assert {answer.json.get("error") for answer in answers} == {None, "is_default_error"}
    assert [row["is_default"] for row in world.rows("item_units")] == [True]


def test_a_transferred_default_is_never_there_twice(world: World) -> None:
    world.put_units(*({"identifier": f"U-{n}"} for n in range(THREADS)))
    transfer = {"quantity": 1, "isDefault": True}

    answers = at_once(
        [
            lambda n=n: world.upsert(transfer, unit=f"U-{n}", query="?default=transfer")
            for n in range(THREADS)
        ]
    )

    assert [answer.status_code for answer in answers] == [201] * THREADS
    assert sum(row["is_default"] for row in world.rows("item_units")) == 1
