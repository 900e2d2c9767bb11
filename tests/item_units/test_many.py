"""POST /itemUnits/multiple: each row has the outcome that the single upsert would have had."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.db import Base, db
from tests.world import World

ROWS = st.fixed_dictionaries(
    {},
    optional={
        "itemId": st.sampled_from(["eliteBook_820", "bracelet", "bracelet", "no", 7, None]),
        "unitId": st.sampled_from(["PACKET", "BOX", "BOX", "no", None]),
        "quantity": st.sampled_from([1, 2, 2, 0]),
        "isDefault": st.sampled_from([True, False, False, None, 1]),
        "salesQuantity": st.sampled_from([1, 1, 4]),
        "unpacking": st.booleans(),
        "weight": st.sampled_from([1.5, None]),
        "barcode": st.sampled_from(["(17)161231", "X", None]),
    },
)
FULL = ROWS.map(
    lambda row: {"itemId": "bracelet", "unitId": "BOX", "quantity": 1, "isDefault": False, **row}
)
TIMES = ("dateCreated", "lastUpdated", "id", "href")


def stripped(body: dict[str, Any]) -> dict[str, Any]:
    """Answer what does not depend on when and in which order ids were taken."""
    return {k: v for k, v in body.items() if k not in (*TIMES, "index", "success", "action")}


@settings(max_examples=60)
@given(rows=st.lists(st.one_of(FULL, FULL, ROWS), max_size=8), transfer=st.booleans())
def test_many_rows_do_what_single_upserts_do(
    world: World, rows: list[dict[str, Any]], transfer: bool
) -> None:
    query = "?default=transfer" if transfer else ""
    prepare(world)
    many = world.post(f"/itemUnits/multiple{query}", {"itemUnits": rows}).json["itemUnits"]
    table = outcome(world)
    prepare(world)
    for row, result in zip(rows, many, strict=True):
        item, unit = row.get("itemId"), row.get("unitId")
        if not isinstance(item, str) or not isinstance(unit, str):
            assert result["error"]["type"] in ("missing_param", "invalid_param_type")
            continue
        single = world.upsert(row, item, unit, query)
        if single.status_code == 201:
            assert result["action"] == single.headers["Upsert-Result"]
            shown = {k: v for k, v in result.items() if k != "failure_reason"}
            assert without_ids(stripped(shown)) == without_ids(stripped(single.json))
        else:
            assert result["error"]["type"] == single.json["error"]
            assert result["error"]["message"] == single.json["error_description"]
    assert outcome(world) == table


def without_ids(body: dict[str, Any]) -> dict[str, Any]:
    return {k: (v["reference"] if isinstance(v, dict) else v) for k, v in body.items()}


def prepare(world: World) -> None:
    """Begin with two units and no item-unit."""
    with world.app.app_context(), db.engine.begin() as connection:
        connection.execute(Base.metadata.tables["item_units"].delete())
    world.put_units({"identifier": "PACKET"}, {"identifier": "BOX"})


def outcome(world: World) -> list[dict[str, Any]]:
    """Answer the table, but for ids, times and how often a row was written."""
    left_out = ("id", "version", "created_at", "updated_at")
    rows = [{k: v for k, v in row.items() if k not in left_out} for row in world.rows("item_units")]
    return sorted(rows, key=lambda row: (row["item_id"], row["unit_id"]))


def test_the_answer_is_shaped_like_that_of_the_units(world: World) -> None:
    world.put_units({"identifier": "BOX"})
    good = {"itemId": "bracelet", "unitId": "BOX", "quantity": 1, "isDefault": True}

    answer = world.post(
        "/itemUnits/multiple", {"itemUnits": [good, good, {"itemId": "no", "unitId": 7}, 3]}
    )

    assert answer.status_code == 200
    first, second, third, fourth = answer.json["itemUnits"]
    assert (first["index"], first["success"], first["action"]) == (0, True, "created")
    assert world.get(f"/itemUnits/{first['id']}").json.items() <= first.items()
    assert second["action"] == "unchanged"
    message = "An invalid value was specified for parameter: unitId (must be String)"
    assert third == {
        "index": 2,
        "success": False,
        "failure_reason": message,
        "error": {"type": "invalid_param_type", "message": message},
        "itemId": "no",
        "unitId": None,
    }
    assert fourth["error"]["type"] == "json_parsing_error"
    assert answer.json["summary"] == {"created": 1, "updated": 0, "unchanged": 1, "failed": 2}


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 400, "missing_param"),
        ({"itemUnits": {}}, 400, "invalid_param_type"),
        ({"itemUnits": [], "x": 1}, 400, "unknown_param"),
        ({"itemUnits": [{}] * 10_001}, 413, "request_too_large"),
    ],
)
def test_a_wrong_envelope_is_refused(world: World, body: Any, status: int, error: str) -> None:
    answer = world.post("/itemUnits/multiple", body)

    assert (answer.status_code, answer.json["error"]) == (status, error)


def test_a_default_moves_within_one_request(world: World) -> None:
    world.put_units({"identifier": "PACKET"}, {"identifier": "BOX"})
    row = {"itemId": "bracelet", "quantity": 1}
    world.upsert({"quantity": 1, "isDefault": True}, "bracelet", "PACKET")

    answer = world.post(
        "/itemUnits/multiple",
        {
            "itemUnits": [
                {**row, "unitId": "PACKET", "isDefault": False},
                {**row, "unitId": "BOX", "isDefault": True},
            ]
        },
    )

    assert answer.json["summary"]["failed"] == 0
    defaults = [row["isDefault"] for row in world.get("/itemUnits").json["itemUnits"]]
    assert defaults == [False, True]


def test_ten_rows_and_a_thousand_take_the_same_statements(world: World) -> None:
    counts: dict[int, list[int]] = {}
    for count in (10, 1000):
        world.put_units(*({"identifier": f"{count}-{n}"} for n in range(count)))
        counts[count] = []
        for quantity in (1, 2, 2):
            rows = [
                {
                    "itemId": "bracelet",
                    "unitId": f"{count}-{n}",
                    "quantity": quantity,
                    "isDefault": False,
                }
                for n in range(count)
            ]
            with world.statements() as seen:
                world.post("/itemUnits/multiple", {"itemUnits": rows})
            counts[count].append(len([s for s in seen if not s.startswith("BEGIN")]))

    assert counts[10] == counts[1000]
    assert max(counts[10]) <= 6
