"""The plan, without a database: who matches whom."""

from datetime import datetime
from typing import Any

from app.units.matching import Plan, Reject, Step, Unit, plan
from app.units.rows import BLANK, BLANK_ADDRESS, key_of, row_from

NOW = datetime(2026, 11, 21)
THEN = datetime(2020, 1, 1)
MAIN = {"address_line_1": "1 Main St"}
OAK = {"address_line_1": "2 Oak Ave"}


def stored(unit_id: int, **attributes: Any) -> Unit:
    whole = {**BLANK, **attributes}
    if whole["address"]:
        whole["address"] = {**BLANK_ADDRESS, **whole["address"]}
    return Unit(
        unit_id, whole, key_of(whole, ""), 1, THEN, THEN, stored_identifier=whole["identifier"]
    )


def planned(rows: list[dict[str, Any]], *units: Unit) -> Plan:
    return plan([row_from(row, "") for row in rows], units, NOW)


def actions(result: Plan) -> list[str]:
    return [step.type if isinstance(step, Reject) else step.action for step in result.steps]


def matches(result: Plan) -> list[str | None]:
    return [step.matched_by for step in result.steps if isinstance(step, Step)]


def test_the_identifier_comes_before_the_address() -> None:
    a, b = stored(1, identifier="A"), stored(2, identifier="B", address=MAIN)

    result = planned([{"identifier": "A", "address": MAIN}], a, b)

    assert [step.unit for step in result.steps] == [a]
    assert matches(result) == ["identifier"]


def test_an_unknown_identifier_falls_back_to_the_address() -> None:
    result = planned(
        [{"identifier": "N", "address": MAIN}], stored(1, identifier="A", address=MAIN)
    )

    assert (actions(result), matches(result)) == (["updated"], ["address"])
    assert result.updated[0].attributes["identifier"] == "N"


def test_identifiers_are_compared_exactly() -> None:
    result = planned([{"identifier": "a-1"}], stored(1, identifier="A-1"))

    assert actions(result) == ["created"]


def test_a_null_identifier_counts_as_absent() -> None:
    result = planned(
        [{"identifier": None, "address": MAIN}], stored(1, identifier="A", address=MAIN)
    )

    assert actions(result) == ["unchanged"]


def test_later_rows_see_what_earlier_rows_did() -> None:
    result = planned(
        [
            {"identifier": "A", "address": OAK},
            {"address": MAIN},
            {"address": OAK, "name": "x"},
            {"identifier": "A", "name": "x"},
        ],
        stored(1, identifier="A", address=MAIN),
    )

    assert actions(result) == ["updated", "created", "updated", "unchanged"]
    assert [step.unit.id for step in result.steps if isinstance(step, Step)] == [1, None, 1, 1]


def test_an_answer_shows_the_unit_as_it_stood_after_its_own_row() -> None:
    result = planned([{"identifier": "A", "name": "x"}, {"identifier": "A", "name": "y"}])

    assert [step.attributes["name"] for step in result.steps if isinstance(step, Step)] == [
        "x",
        "y",
    ]
    assert len(result.created) == 1
    assert result.updated == []


def test_the_stored_key_follows_the_unit_number() -> None:
    unit = stored(1, identifier="A", address=MAIN)
    result = planned([{"identifier": "A", "unit_number": "7"}, {"address": MAIN}], unit)

    assert actions(result) == ["updated", "created"]
    assert unit.address_key == key_of({"address": MAIN, "unit_number": "7"}, "")


def test_several_fits_are_refused_with_all_of_them() -> None:
    a, b = stored(1, identifier="A", address=MAIN), stored(2, identifier="B", address=MAIN)

    (step,) = planned([{"identifier": "C", "address": MAIN}], a, b).steps

    assert isinstance(step, Reject)
    assert (step.type, step.candidates) == ("ambiguous_address", (a, b))


def test_a_unit_named_in_this_request_is_not_taken_over() -> None:
    unit = stored(1, identifier="A", address=MAIN)
    result = planned(
        [
            {"identifier": "A"},
            {"identifier": "B", "address": MAIN},
            {"address": MAIN},
            {"identifier": "A", "name": "x"},
            {"identifier": "C", "address": MAIN},
        ],
        unit,
    )

    assert actions(result) == [
        "unchanged",
        "identity_conflict",
        "unchanged",
        "updated",
        "identity_conflict",
    ]
    assert [s.conflicts_with for s in result.steps if isinstance(s, Reject)] == [0, 3]


def test_a_unit_matched_without_an_identifier_may_still_be_taken_over() -> None:
    result = planned([{"address": MAIN}, {"identifier": "B", "address": MAIN}, {"identifier": "B"}])

    assert actions(result) == ["created", "updated", "unchanged"]


def test_clearing_the_address_frees_it() -> None:
    unit = stored(1, identifier="A", address=MAIN)
    result = planned(
        [{"identifier": "A", "address": None}, {"identifier": "B", "address": MAIN}], unit
    )

    assert actions(result) == ["updated", "created"]
    assert unit.address_key is None


def test_a_failing_row_leaves_no_trace() -> None:
    reject = Reject("invalid_unit", "bad")
    rows = [reject, row_from({}, ""), row_from({"name": "x"}, "")]

    result = plan(rows, [], NOW)

    assert actions(result) == ["invalid_unit", "insufficient_data", "insufficient_data"]
    assert (result.created, result.updated) == ([], [])
