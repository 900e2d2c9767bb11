"""The distributed registry, through every node: the same answers, no duplicates, and one worker lost."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.units.service import write
from tests.test_races import at_once
from tests.world import World
from tests_citus.cluster import NODES, START, STOP, node_of, shell

ROUNDS, ROWS, CLIENTS, UNITS = 5, 300, 8, 20
BACK_WITHIN = 60
"""Seconds in which a worker that was started again must serve its organizations."""

several_nodes = pytest.mark.skipif(
    len(NODES) < 2, reason="CITUS_NODES is not set: no second node to connect to"
)


def rows(count: int, name: str) -> list[dict[str, Any]]:
    return [
        {
            **({"identifier": f"U-{n}"} if n % 2 else {}),
            "name": name,
            "address": {"address_line_1": f"{n} Main St", "city": "Springfield"},
        }
        for n in range(count)
    ]


def test_every_node_is_ready_and_answers_the_same(worlds: list[World]) -> None:
    worlds[0].put_units(*rows(10, "first"))
    path = f"/units?group_id={worlds[0].group}"
    answers = [world.get(path) for world in worlds]

    assert [world.http.get("/readyz").status_code for world in worlds] == [200] * len(worlds)
    assert {answer.data for answer in answers} == {answers[0].data}
    assert len(answers[0].json["units"]) == 10


def test_bulk_and_item_unit_work_through_every_node(worlds: list[World]) -> None:
    ids: set[int] = set()
    for turn, world in enumerate(worlds):
        made = world.post_units([{"identifier": f"{turn}-{n}"} for n in range(1000)])
        assert made.json["summary"] == {"created": 1000, "updated": 0, "unchanged": 0, "failed": 0}
        ids |= {row["id"] for row in made.json["units"]}
        changed = world.post_units(
            [{"identifier": f"{turn}-{n}", "name": "x"} for n in range(1000)]
        )
        assert changed.json["summary"]["updated"] == 1000
        assert world.post_units([{"identifier": f"{turn}-0"}]).json["summary"]["unchanged"] == 1
        first = {"quantity": 4, "isDefault": turn == 0}
        assert world.upsert(first, unit=f"{turn}-1").headers["Upsert-Result"] == "created"
        again = world.upsert({"quantity": 5}, unit=f"{turn}-1")
        assert (again.status_code, again.headers["Upsert-Result"]) == (201, "updated")
    # Each node has ids of its own: none is given twice.
    assert len(ids) == 1000 * len(worlds)
    assert max(ids) < 2**53


def test_identifiers_may_move_along_a_chain(worlds: list[World]) -> None:
    for world in worlds:
        city = f"Town {id(world)}"
        doors = [{"address_line_1": f"{n} Main St", "city": city} for n in range(3)]
        named = [{"identifier": f"{id(world)}-{n}", "address": doors[n]} for n in range(3)]
        before = world.put_units(*named)
        moved = [
            {"identifier": f"{id(world)}-{n + 1}", "address": doors[n], "name": "moved"}
            for n in range(2)
        ]
        answer = world.post_units(moved)
        assert answer.status_code == 200, answer.json
        assert {row.get("id") for row in answer.json["units"]} <= {*before, None}


@pytest.mark.parametrize("through", ["one node", pytest.param("all nodes", marks=several_nodes)])
def test_clients_that_race_for_the_same_units_make_each_of_them_once(
    worlds: list[World], through: str
) -> None:
    used = worlds if through == "all nodes" else worlds[:1]
    for turn in range(ROUNDS):
        batch = rows(ROWS, f"round {turn}")
        shifted = [batch[37 * n % ROWS :] + batch[: 37 * n % ROWS] for n in range(CLIENTS)]
        answers = at_once(
            [
                lambda n=n, sent=sent: used[n % len(used)].post_units(sent)
                for n, sent in enumerate(shifted)
            ]
        )
        assert [answer.status_code for answer in answers] == [200] * CLIENTS
        summaries = [answer.json["summary"] for answer in answers]
        action = "updated" if turn else "created"
        assert sum(summary[action] for summary in summaries) == ROWS
        assert sum(summary["unchanged"] for summary in summaries) == ROWS * (CLIENTS - 1)
    stored = worlds[0].rows("units")
    assert len(stored) == len({row["address_key"] for row in stored}) == ROWS
    assert {row["version"] for row in stored} == {ROUNDS}


@several_nodes
def test_clients_that_race_for_the_default_leave_exactly_one(worlds: list[World]) -> None:
    worlds[0].put_units(*({"identifier": f"U-{n}"} for n in range(CLIENTS)))

    def claim(n: int, query: str) -> TestResponse:
        body = {"quantity": 1, "isDefault": True}
        return worlds[n % len(worlds)].upsert(body, unit=f"U-{n}", query=query)

    refused = at_once([lambda n=n: claim(n, "") for n in range(CLIENTS)])
    assert sorted(answer.status_code for answer in refused) == [201] + [400] * (CLIENTS - 1)
    moved = at_once([lambda n=n: claim(n, "?default=transfer") for n in range(CLIENTS)])
    assert [answer.status_code for answer in moved] == [201] * CLIENTS
    assert sum(row["is_default"] for row in worlds[0].rows("item_units")) == 1


def test_organizations_are_set_up_through_any_node(worlds: list[World]) -> None:
    for turn, world in enumerate(worlds):
        wanted = [
            {
                "name": f"organization {turn}.{n}",
                "groups": [{"external_ref": "g"}],
                "items": [{"reference": "i", "name": "I"}],
                "clients": [{"client_id": f"client-{turn}.{n}", "groups": ["g"]}],
            }
            for n in range(4)
        ]
        done = world.provision({"organizations": wanted})
        assert [one["created"]["clients"] for one in done["organizations"]] == [1] * 4
        again = world.provision({"organizations": wanted})
        assert [one["unchanged"]["groups"] for one in again["organizations"]] == [1] * 4


def many_organizations(world: World) -> dict[str, tuple[str, int, str]]:
    """Answer by name a client's token, its group and the node of each of twelve organizations."""
    wanted = [
        {
            "name": f"tenant {n}",
            "groups": [{"external_ref": "g"}],
            "clients": [{"client_id": f"tenant-{n}", "groups": "*"}],
        }
        for n in range(12)
    ]
    done = world.provision({"organizations": wanted})["organizations"]
    return {
        one["name"]: (
            world.token_for(f"tenant-{n}"),
            one["groups"]["g"],
            node_of(one["id"]),
        )
        for n, one in enumerate(done)
    }


stoppable = pytest.mark.skipif(
    not (STOP and START),
    reason="CITUS_STOP_WORKER and CITUS_START_WORKER are not set: no worker can be stopped",
)


class Tenants:
    """Twelve organizations, their clients' tokens, their groups, and the node on which each lies."""

    def __init__(self, world: World) -> None:
        self.world = world
        wanted = [
            {
                "name": f"tenant {n}",
                "groups": [{"external_ref": "g"}],
                "clients": [{"client_id": f"tenant-{n}", "groups": "*"}],
            }
            for n in range(12)
        ]
        done = world.provision({"organizations": wanted})["organizations"]
        self.tokens = [world.token_for(f"tenant-{n}") for n in range(12)]
        self.groups = [one["groups"]["g"] for one in done]
        self.nodes = [node_of(one["id"]) for one in done]

    def post(self, tenant: int, turn: str) -> TestResponse:
        """Post twenty units of this turn for a tenant."""
        units = [{"identifier": f"{turn}/{n}"} for n in range(UNITS)]
        body = {"group_id": self.groups[tenant], "units": units}
        return self.world.post("/units/multiple", body, self.tokens[tenant])

    def wait_for_all(self, turn: str) -> None:
        """Post for every tenant until each was answered with 200."""
        deadline = time.monotonic() + BACK_WITHIN
        waiting = set(range(12))
        while waiting and time.monotonic() < deadline:
            waiting = {each for each in waiting if self.post(each, turn).status_code != 200}
        assert not waiting

    def stored(self, tenant: int) -> Counter[str]:
        """Answer how many units of each turn are stored."""
        rows = self.world.rows("units")
        own = [row["identifier"] for row in rows if row["group_id"] == self.groups[tenant]]
        return Counter(identifier.split("/")[0] for identifier in own)


@stoppable
def test_while_a_worker_is_down_only_its_organizations_wait(worlds: list[World]) -> None:
    tenants = Tenants(worlds[0])
    everyone = range(12)
    assert {tenants.post(each, "before").status_code for each in everyone} == {200}
    shell(STOP)
    try:
        during = [tenants.post(each, "during") for each in everyone]
    finally:
        shell(START)
    down = {tenants.nodes[each] for each in everyone if during[each].status_code == 503}

    assert len(down) == 1, "exactly one node's organizations must wait"
    for each in everyone:
        is_down = tenants.nodes[each] in down
        assert during[each].status_code == (503 if is_down else 200), during[each].json
        assert ("Retry-After" in during[each].headers) is is_down
    tenants.wait_for_all("after")
    for each in everyone:
        kept = {"before", "after"} if tenants.nodes[each] in down else {"before", "during", "after"}
        assert tenants.stored(each) == dict.fromkeys(kept, UNITS)


@stoppable
def test_a_worker_that_dies_under_load_loses_nothing_and_halves_nothing(
    worlds: list[World],
) -> None:
    tenants, stopped = Tenants(worlds[0]), Event()
    assert len(set(tenants.nodes)) > 1

    def load(tenant: int) -> list[int]:
        statuses = []
        while not stopped.is_set():
            statuses.append(tenants.post(tenant, f"turn {len(statuses)}").status_code)
        return statuses

    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(load, tenant) for tenant in range(CLIENTS)]
        try:
            shell(STOP)
        finally:
            stopped.set()
            shell(START)
        answers = [each.result() for each in running]
    tenants.wait_for_all("after")

    assert {status for statuses in answers for status in statuses} <= {200, 503}
    for tenant, statuses in enumerate(answers):
        stored = tenants.stored(tenant)
        assert set(stored.values()) <= {UNITS}, "half a request is stored"
        acknowledged = {f"turn {n}" for n, status in enumerate(statuses) if status == 200}
        assert acknowledged <= set(stored), "an acknowledged request is lost"


@stoppable
def test_a_worker_that_dies_before_the_commit_gives_503_and_no_half(
    worlds: list[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenants = Tenants(worlds[0])
    first = {node: tenants.nodes.index(node) for node in set(tenants.nodes)}
    answers: dict[str, TestResponse] = {}

    def write_and_stop(*arguments: Any) -> None:
        write(*arguments)
        shell(STOP)

    for node, tenant in first.items():
        try:
            with monkeypatch.context() as patch:
                patch.setattr("app.units.service.write", write_and_stop)
                answers[node] = tenants.post(tenant, "cut")
        finally:
            shell(START)
        tenants.wait_for_all("after")

    assert sorted(answer.status_code for answer in answers.values()) == [200, 503]
    for node, tenant in first.items():
        stored = tenants.stored(tenant)
        assert stored["after"] == UNITS
        assert stored["cut"] in ({UNITS} if answers[node].status_code == 200 else {0, UNITS})
