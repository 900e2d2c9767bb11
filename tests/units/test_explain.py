"""``explain=true`` on POST /units/multiple, and GET /units/address-key."""

from typing import Any
from urllib.parse import urlencode

import pytest

from app.units import explaining
from app.units.addresses import RECIPE, address_key
from tests.units.test_recipes import make_stale
from tests.units.test_statements import rows
from tests.world import API, World

MAIN = {"address_line_1": "12 Main Street", "address_line_2": "Apt 4", "city": "Springfield"}
RESPELT = {"address_line_1": "12 MAIN ST. #4", "city": "springfield"}
TYPO = {**MAIN, "address_line_1": "12 Mian Street"}
TEXT = "12 main street | unit 4 |  | springfield |  |  | "
BY_IDENTIFIER = {"key": "identifier", "result": "matched"}
NO_IDENTIFIER = {"key": "identifier", "result": "not_found"}


def by_address(result: str, text: str = TEXT) -> dict[str, str]:
    return {"key": "address", "result": result, "address_key": text}


def explained(world: World, *units: Any, query: str = "") -> list[dict[str, Any]]:
    """Answer the rows of an explained request."""
    answer = world.post_units(list(units), f"?explain=true{query}")
    shown: list[dict[str, Any]] = answer.json["units"]
    return shown


def tried(row: dict[str, Any]) -> Any:
    return row["match"]["tried"]


def test_each_row_says_what_was_tried(world: World) -> None:
    world.put_units({"identifier": "A-1", "address": MAIN}, {"identifier": "B-1"})

    found = explained(
        world,
        {"identifier": "A-1", "address": RESPELT},
        {"identifier": "B-1"},
        {"address": RESPELT},
        {"identifier": "new", "address": {"address_line_1": "3 Oak Ave"}},
        {"address": {"address_line_1": "4 Oak Ave"}, "unit_number": "7"},
        {"identifier": "bare"},
        {"identifier": "A-2", "address": MAIN},
        {"name": "nothing"},
        {"identifer": "misspelt"},
    )

    assert [tried(row) for row in found[:8]] == [
        [BY_IDENTIFIER],
        [BY_IDENTIFIER],
        [by_address("matched")],
        [NO_IDENTIFIER, by_address("not_found", "3 oak avenue |  |  |  |  |  | ")],
        [by_address("not_found", "4 oak avenue | unit 7 |  |  |  |  | ")],
        [NO_IDENTIFIER],
        [NO_IDENTIFIER, by_address("conflict")],
        [],
    ]
    assert found[6]["error"]["type"] == "identity_conflict"
    assert "match" not in found[8]


def test_an_ambiguous_address_is_told(world: World) -> None:
    world.put_units({"identifier": "A", "address": MAIN}, {"identifier": "B"})
    world.put_units({"identifier": "B", "address": RESPELT})

    (row,) = explained(world, {"identifier": None, "address": MAIN})

    assert tried(row) == [by_address("ambiguous")]


def test_an_address_that_is_cleared_is_not_tried(world: World) -> None:
    world.put_units({"identifier": "A", "address": MAIN})

    (row,) = explained(world, {"identifier": "A", "address": None})

    assert (row["action"], tried(row)) == ("updated", [BY_IDENTIFIER])


def test_without_explain_nothing_is_added(world: World) -> None:
    world.put_units({"identifier": "A", "address": MAIN})

    for query in ("", "?explain=false"):
        (row,) = world.post_units([{"address": TYPO}], f"{query}").json["units"]
        assert not {"match", "near_misses"} & row.keys()


def test_a_typo_shows_before_it_becomes_a_duplicate(world: World) -> None:
    (stored,) = world.put_units({"identifier": "A-1", "address": MAIN})

    (row,) = explained(world, {"identifier": "X", "address": TYPO}, query="&dry_run=true")

    assert row["action"] == "created"
    assert row["near_misses"] == [
        {
            "id": stored,
            "identifier": "A-1",
            "score": row["near_misses"][0]["score"],
            "address": TEXT,
            "differs": ["street"],
        }
    ]
    assert row["near_misses"][0]["score"] > 90
    assert len(world.rows("units")) == 1


def test_only_created_rows_have_near_misses(world: World) -> None:
    world.put_units({"identifier": "A", "address": MAIN}, {"identifier": "B", "address": TYPO})

    found = explained(
        world,
        {"identifier": "A", "name": "updated"},
        {"address": TYPO},
        {"identifier": "bare"},
        {"address": {**MAIN, "address_line_1": "14 Main Street"}},
        {"name": "fails"},
    )

    assert [row.get("near_misses", "none") for row in found] == ["none", "none", [], [], "none"]


def test_units_of_the_same_request_do_not_count(world: World) -> None:
    found = explained(world, {"address": MAIN}, {"address": TYPO})

    assert [row["near_misses"] for row in found] == [[], []]


def test_units_of_other_groups_and_organizations_do_not_count(world: World) -> None:
    everywhere = world.token_for("entity1-all")
    theirs = world.token_for("entity2-all")
    for group, token in (("south-tower", everywhere), ("north-tower", theirs)):
        body = {"group_external_ref": group, "units": [{"address": MAIN}]}
        assert world.post("/units/multiple", body, token).json["summary"]["created"] == 1

    (row,) = explained(world, {"address": TYPO})

    assert row["near_misses"] == []


def test_a_unit_that_was_corrected_in_the_request_is_compared_as_it_now_stands(
    world: World,
) -> None:
    (stored,) = world.put_units({"identifier": "A", "address": TYPO})

    found = explained(world, {"identifier": "A", "address": MAIN}, {"address": TYPO})

    assert [miss["id"] for miss in found[1]["near_misses"]] == [stored]
    found = explained(
        world, {"identifier": "A", "address": None}, {"address": {**MAIN, "city": "x"}}
    )
    assert stored not in [miss["id"] for miss in found[1]["near_misses"]]


def test_stale_keys_make_no_difference(world: World) -> None:
    ids = world.put_units({"identifier": "A", "address": MAIN})
    make_stale(world, 0, *ids)

    found = explained(world, {"address": RESPELT}, {"address": TYPO}, query="&dry_run=true")

    assert tried(found[0]) == [by_address("matched")]
    assert [miss["id"] for miss in found[1]["near_misses"]] == ids


def test_a_rejected_atomic_request_is_explained_too(world: World) -> None:
    ids = world.put_units({"identifier": "A", "address": MAIN})

    answer = world.post_units(
        [{"address": TYPO}, {"address": RESPELT}, {"name": "fails"}], "?explain=true&atomic=true"
    )

    assert answer.status_code == 422
    found = answer.json["units"]
    assert [row.get("action") for row in found] == ["skipped", "skipped", None]
    assert [miss["id"] for miss in found[0]["near_misses"]] == ids
    assert [tried(row)[0]["result"] for row in found[:2]] == ["not_found", "matched"]
    assert "near_misses" not in found[1]


def test_a_dry_run_explains_as_the_real_one(world: World) -> None:
    world.put_units({"identifier": "A", "address": MAIN})
    sent = [{"address": TYPO}, {"identifier": "A", "sqft": 5}, {"address": RESPELT}, {"name": "x"}]

    rehearsed = explained(world, *sent, query="&dry_run=true")
    real = explained(world, *sent)

    for first, second in zip(rehearsed, real, strict=True):
        for member in ("match", "near_misses"):
            assert first.get(member, "none") == second.get(member, "none")


def test_at_most_two_hundred_created_rows_are_looked_at(world: World) -> None:
    world.put_units({"identifier": "A", "address": MAIN})
    most = explaining.MAX_EXPLAINED
    new = [{"address": {"address_line_1": f"{n} Oak Ave"}} for n in range(most)]

    found = explained(world, {"identifier": "bare"}, *new, {"address": TYPO}, {"identifier": "b"})

    assert [row["near_misses"] for row in found] == [[]] * (most + 1) + [None, []]
    assert tried(found[-2]) == [by_address("not_found", TEXT.replace("main", "mian"))]


def test_a_group_with_too_many_addresses_is_not_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("app.units.explaining", "app.units.service"):
        monkeypatch.setattr(f"{module}.MAX_COMPARED", 2)
    world.put_units(*({"address": {"address_line_1": f"{n} Oak Ave"}} for n in range(2)))
    assert explained(world, {"address": TYPO}, query="&dry_run=true")[0]["near_misses"] == []
    world.put_units({"address": MAIN})

    assert explained(world, {"address": TYPO})[0]["near_misses"] is None


@pytest.mark.parametrize("query", ["", "&atomic=true", "&dry_run=true"])
def test_explaining_takes_one_more_statement_for_any_number_of_rows(
    world: World, query: str
) -> None:
    def count(rows: list[dict[str, Any]], query: str) -> int:
        with world.statements() as seen:
            assert world.post_units(rows, query).json["summary"]["created"] == len(rows)
        return len(seen)

    plain = count(rows(20, "new"), f"?{query[1:]}")
    few, many = (count(rows(n, "new"), f"?explain=true{query}") for n in (10, 1000))

    assert few == many == plain + 1


def test_nothing_more_is_read_where_nothing_is_created(world: World) -> None:
    world.put_units({"identifier": "A", "address": MAIN})
    counts = []
    for query in ("", "?explain=true"):
        with world.statements() as seen:
            world.post_units([{"identifier": "A", "address": MAIN}], query)
        counts.append(len(seen))

    assert counts[0] == counts[1]


def show(world: World, **fields: str) -> Any:
    return world.get(f"/units/address-key?{urlencode(fields)}")


def test_the_key_of_an_address_is_shown(world: World) -> None:
    answer = show(world, **MAIN, state="Illinois", country="USA")

    assert answer.status_code == 200
    whole = {**MAIN, "state": "Illinois", "country": "USA"}
    assert answer.json == {
        "address_key": address_key(whole),
        "canonical": {
            "building_name": None,
            "address_line_1": "12 main street",
            "address_line_2": "unit 4",
            "city": "springfield",
            "state": "IL",
            "postal_code": None,
            "country": "US",
        },
        "text": "12 main street | unit 4 |  | springfield | IL |  | US",
        "recipe": RECIPE,
    }


def test_the_key_is_the_stored_one_and_that_of_its_own_canonical_form(world: World) -> None:
    world.put_units({"address": MAIN, "unit_number": "9"})

    shown = show(world, **MAIN, unit_number="9").json
    again = show(world, **{k: v for k, v in shown["canonical"].items() if v is not None}).json

    assert shown["address_key"] == world.rows("units")[0]["address_key"]
    assert again == shown


def test_the_default_country_counts(world: World) -> None:
    before = world.app.config["DEFAULT_COUNTRY"]
    world.app.config["DEFAULT_COUNTRY"] = "GB"
    try:
        assert show(world, **MAIN).json["canonical"]["country"] == "GB"
    finally:
        world.app.config["DEFAULT_COUNTRY"] = before


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "address_line_1: is required"),
        ("address_line_1=", "address_line_1: is required"),
        ("address_line_1=.", "address_line_1: must have at least one letter or digit"),
        ("address_line_1=1+Main&adress_line_2=x", "adress_line_2: unknown query parameter"),
        ("address_line_1=1+Main&latitude=1", "latitude: unknown query parameter"),
        ("address_line_1=1&address_line_1=2", "address_line_1: must be given once"),
        (f"address_line_1=1&city={'x' * 256}", "city: must have at most 255 characters"),
    ],
)
def test_the_query_is_strict(world: World, query: str, message: str) -> None:
    answer = world.get(f"/units/address-key?{query}")

    assert answer.status_code == 400
    assert answer.json == {"error": {"type": "invalid_request", "message": message}}


def test_a_token_is_needed(world: World) -> None:
    answer = world.http.get(f"{API}/units/address-key?address_line_1=1+Main")

    assert answer.json["error"]["type"] == "missing_authorization"


def test_explain_is_strict_too(world: World) -> None:
    answer = world.post_units([], "?explain=1")

    assert answer.json["error"]["message"] == "explain: must be true or false"
