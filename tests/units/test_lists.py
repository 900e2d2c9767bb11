"""Reading units and groups over HTTP. Source: CONTRACT 5."""

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world import World


def walk(world: World, path: str, name: str, limit: int, **each: Any) -> list[list[Any]]:
    """Answer the pages of a list, from the first to the last."""
    pages, cursor = [], ""
    while True:
        mark = "&" if "?" in path else "?"
        page = world.get(f"{path}{mark}limit={limit}{cursor and '&cursor=' + cursor}").json
        pages.append(page[name])
        for step in each.values():
            step(len(pages))
        if page["next_cursor"] is None:
            return pages
        cursor = page["next_cursor"]


def test_units_come_oldest_change_first(world: World) -> None:
    a, b = world.put_units({"identifier": "A"}), world.put_units({"identifier": "B"})
    world.put_units({"identifier": "A", "name": "changed"})

    page = world.get("/units").json

    assert [unit["id"] for unit in page["units"]] == [*b, *a]
    assert page["next_cursor"] is None
    assert page["units"][0] == world.get(f"/units/{b[0]}").json


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 1000])
def test_a_walk_sees_every_unit_once(world: World, limit: int) -> None:
    ids = world.put_units(*({"identifier": f"U-{n}"} for n in range(6)))

    pages = walk(world, "/units", "units", limit)

    assert [unit["id"] for page in pages for unit in page] == ids
    assert max(len(page) for page in pages) <= limit


@settings(max_examples=25)
@given(
    limit=st.integers(1, 4),
    writes=st.dictionaries(st.integers(1, 6), st.lists(st.integers(0, 9), max_size=3), max_size=6),
)
def test_a_walk_under_writes_sees_every_unit_that_existed_throughout(
    world: World, limit: int, writes: dict[int, list[int]]
) -> None:
    """Between any two pages some units change and new ones come."""
    ids = set(world.put_units(*({"identifier": f"U-{n}", "name": None} for n in range(10))))

    def write(page: int) -> None:
        for number in writes.get(page, []):
            world.put_units(
                {"identifier": f"U-{number}", "sqft": page * 10 + number},
                {"identifier": f"N-{page}-{number}"},
            )

    pages = walk(world, "/units", "units", limit, write=write)

    assert ids <= {unit["id"] for page in pages for unit in page}


def test_a_walk_while_other_threads_write_sees_every_unit(world: World) -> None:
    ids = set(world.put_units(*({"identifier": f"U-{n}"} for n in range(60))))
    stop = threading.Event()

    def keep_writing(start: int) -> None:
        for turn in range(200):
            if stop.is_set():
                return
            number = (start + 7 * turn) % 60
            world.put_units({"identifier": f"U-{number}", "sqft": turn + start})

    threads = [threading.Thread(target=keep_writing, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            seen = {unit["id"] for page in bounded_walk(world) for unit in page}
            assert ids <= seen
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def bounded_walk(world: World) -> list[list[Any]]:
    """Answer the pages of a walk; writers cannot keep ahead of it for ever."""
    pages, cursor = [], ""
    for _ in range(500):
        page = world.get(f"/units?limit=7{cursor and '&cursor=' + cursor}").json
        pages.append(page["units"])
        if page["next_cursor"] is None:
            return pages
        cursor = page["next_cursor"]
    raise AssertionError("the walk does not end")


def test_the_list_filters(world: World) -> None:
    token = world.token_for("entity1-all")
    south = {
        "group_external_ref": "south-tower",
        "units": [{"identifier": "A"}, {"identifier": "C"}],
    }
    world.post("/units/multiple", south, token)
    world.put_units({"identifier": "A"}, {"identifier": "B"})

    def identifiers(query: str, token: str | None = None) -> list[str]:
        return [unit["identifier"] for unit in world.get(f"/units?{query}", token).json["units"]]

    assert identifiers("", token) == ["A", "C", "A", "B"]
    assert identifiers("") == ["A", "B"]
    assert identifiers("identifier=%20A", token) == ["A", "A"]
    assert identifiers(f"group_id={world.groups['south-tower']}", token) == ["A", "C"]
    assert identifiers("group_external_ref=north-tower&identifier=B") == ["B"]
    assert identifiers("updated_since=2999-01-01T00:00:00Z") == []
    assert identifiers("updated_since=2000-01-01T00:00:00Z") == ["A", "B"]


@pytest.mark.parametrize(
    ("query", "status", "error", "words"),
    [
        ("limit=0", 400, "invalid_request", "limit: must be an integer from 1 to 1000"),
        ("limit=1001", 400, "invalid_request", "limit"),
        ("limit=ten", 400, "invalid_request", "limit"),
        ("cursor=x", 400, "invalid_request", "cursor"),
        ("cursor=WzEsMl0=", 400, "invalid_request", "cursor"),
        ("cursor=%C3%A9", 400, "invalid_request", "cursor"),
        ("updated_since=2016-08-24", 400, "invalid_request", "updated_since"),
        ("colour=red", 400, "invalid_request", "colour: unknown query parameter"),
        ("limit=1&limit=1", 400, "invalid_request", "limit"),
        ("group_id=x", 400, "invalid_request", "group_id"),
        ("group_id=1&group_external_ref=x", 400, "both_group_identifiers_provided", ""),
        ("group_id=987654", 404, "group_not_found", "ID"),
        ("group_id=" + "9" * 30, 404, "group_not_found", "ID"),
        ("group_external_ref=theirs", 404, "group_not_found", "external reference"),
        ("group_external_ref=south-tower", 401, "no_access_to_group", ""),
    ],
)
def test_a_wrong_query_is_refused(
    world: World, query: str, status: int, error: str, words: str
) -> None:
    answer = world.get(f"/units?{query}")

    assert (answer.status_code, answer.json["error"]["type"]) == (status, error)
    assert words in answer.json["error"]["message"]


def test_groups_are_those_that_the_client_may_use(world: World) -> None:
    everything = world.token_for("entity1-all")

    own = world.get("/groups").json
    pages = walk_groups(world, everything)

    assert own["next_cursor"] is None
    (north,) = own["groups"]
    assert set(north) == {"id", "external_ref", "name", "created_at", "updated_at"}
    assert (north["external_ref"], north["name"]) == ("north-tower", "North Tower")
    assert pages == [["north-tower"], ["south-tower"]]
    assert world.get(f"/groups/{world.group}").json == north
    assert world.get("/groups?external_ref=south-tower", everything).json["groups"][0]["name"]
    assert world.get("/groups", world.token_for("entity1-none")).json["groups"] == []


def walk_groups(world: World, token: str) -> list[list[str]]:
    first = world.get("/groups?limit=1", token).json
    second = world.get(f"/groups?limit=1&cursor={first['next_cursor']}", token).json
    assert second["next_cursor"] is None
    return [[group["external_ref"] for group in page["groups"]] for page in (first, second)]


def test_a_group_not_granted_and_one_of_others(world: World) -> None:
    not_granted = world.get(f"/groups/{world.groups['south-tower']}")
    theirs = world.get(f"/groups/{world.their_groups['theirs']}")

    assert (not_granted.status_code, not_granted.json["error"]["type"]) == (
        401,
        "no_access_to_group",
    )
    assert (theirs.status_code, theirs.data) == (404, world.get("/groups/987654").data)
