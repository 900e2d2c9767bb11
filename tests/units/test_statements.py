"""The number of SQL statements does not depend on the number of rows."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from tests.world import World


def rows(count: int, name: str) -> list[dict[str, Any]]:
    return [
        {
            **({"identifier": f"{count}-{n}"} if n % 2 else {}),
            "name": name,
            "address": {"address_line_1": f"{n} Main St", "city": f"Town {count}"},
        }
        for n in range(count)
    ]


@pytest.mark.parametrize("query", ["", "?atomic=true", "?dry_run=true"])
def test_ten_rows_and_two_thousand_take_the_same_statements(world: World, query: str) -> None:
    counts: dict[int, list[int]] = {}
    for count in (10, 2000):
        counts[count] = []
        for name in ("new", "changed", "changed"):
            with world.statements() as seen:
                answer = world.post_units(rows(count, name), query)
            assert answer.json["summary"]["failed"] == 0
            counts[count].append(len([s for s in seen if not s.startswith("BEGIN")]))

    assert counts[10] == counts[2000]
    assert max(counts[10]) <= 6


def test_unchanged_rows_cost_no_write(world: World) -> None:
    world.post_units(rows(10, "same"))
    with world.statements() as seen:
        world.post_units(rows(10, "same"))

    assert not [s for s in seen if s.split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert len([s for s in seen if not s.startswith("BEGIN")]) == 4


def test_rows_found_by_identifier_are_not_sought_by_address(world: World) -> None:
    named = [row | {"identifier": f"U-{n}"} for n, row in enumerate(rows(10, "same"))]
    world.post_units(named)
    with world.statements() as seen:
        answer = world.post_units(named)

    assert answer.json["summary"]["unchanged"] == 10
    assert len([s for s in seen if "FROM units" in s]) == 1


def test_no_resource_is_read_through_the_orm(world: World, orm_statements: list[str]) -> None:
    """Which would load each row a second time: one mapped attribute in a condition is enough."""
    world.put_units({"identifier": "PACKET", "address": {"address_line_1": "1 Main St"}})
    items = [{"reference": "eliteBook_820"}]
    pairs = [{"itemId": "eliteBook_820", "unitId": "PACKET", "quantity": 2, "isDefault": False}]
    answers = [
        world.post("/items/multiple", {"items": items}),
        world.upsert({"quantity": 1, "isDefault": False}),
        world.post("/itemUnits/multiple", {"itemUnits": pairs}),
        world.get("/units?identifier=PACKET"),
        world.get("/itemUnits?itemReference=eliteBook_820"),
        world.get("/groups"),
    ]

    assert [answer.status_code for answer in answers] == [200, 201, 200, 200, 200, 200]
    assert orm_statements == []


@pytest.fixture(name="orm_statements")
def _orm_statements() -> Iterator[list[str]]:
    """Collect the statements that the ORM takes care of."""
    seen: list[str] = []

    def note(state: ORMExecuteState) -> None:
        if state.is_orm_statement:
            seen.append(str(state.statement))

    event.listen(Session, "do_orm_execute", note)
    yield seen
    event.remove(Session, "do_orm_execute", note)
