"""Correctness first: everybody must leave the same table and tell the same story."""

import json
from typing import Any

import orjson

from bench import floor_postgresql, floor_sqlite
from bench.jobs import FLOOR, Job, prepare
from bench.registry import Registry
from bench.servers import BULK, UNITS_PATH, running
from bench.workload import ADDRESS, COLUMNS, PLAIN

SIZE = 200

Table = list[tuple[str, ...]]


def check(registry: Registry) -> None:
    """End the run unless floor, service and peers do the same to a small mixed batch."""
    job = prepare("mixed", SIZE)
    table, story = by_floor(registry, job)
    for contestant in BULK:
        registry.refill(job.kind, job.size)
        with running(contestant, registry) as server:
            answer = server.post(UNITS_PATH, job.body)
        if answer.status != 200:
            raise SystemExit(f"{contestant.name}: {answer.status} {answer.content[:500]!r}")
        told = [describe(row) for row in orjson.loads(answer.content)["units"]]
        compare(contestant.name, "table", table, stored(registry))
        compare(contestant.name, "answer", story, told)


def by_floor(registry: Registry, job: Job) -> tuple[Table, Table]:
    """Answer the table and the story that the floor leaves."""
    database = registry.database
    upsert = floor_sqlite.upsert if database.engine == "sqlite" else floor_postgresql.upsert
    registry.refill(job.kind, job.size)
    rows = upsert(database.connection, registry.organization_id, registry.group_id, job.records)
    if len(rows) != job.size:
        raise SystemExit(f"The {FLOOR} answered {len(rows)} rows of {job.size}.")
    story = [("created" if row[0] else "updated", *normal(row[4:-2])) for row in rows]
    return stored(registry), story


def stored(registry: Registry) -> Table:
    """Answer all attribute columns of the group, in an order of their own."""
    rows = registry.database.sql(
        f"SELECT {', '.join(COLUMNS)} FROM units WHERE organization_id = ? AND group_id = ?",
        registry.organization_id,
        registry.group_id,
    )
    return sorted(normal(row) for row in rows)


def describe(row: dict[str, Any]) -> tuple[str, ...]:
    """Answer what an answer's row says: the action and all attributes."""
    unit = row.get("unit", row)
    place = unit["address"]
    attributes = [unit[name] for name in (*PLAIN, "bathrooms")]
    return (row["action"], *normal([*attributes, *(place[name] for name in ADDRESS)]))


def normal(values: Any) -> tuple[str, ...]:
    """Answer values in a form that both engines and JSON agree on."""
    names = (*PLAIN, "bathrooms", *ADDRESS, *COLUMNS[-2:])
    return tuple(_normal(name, value) for name, value in zip(names, values, strict=False))


def _normal(name: str, value: Any) -> str:
    if name == "bathrooms" and isinstance(value, str):
        value = json.loads(value)
    if name == "has_flex_wall" and value is not None:
        value = bool(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    return json.dumps(value, sort_keys=True)


def compare(name: str, what: str, wanted: Table, found: Table) -> None:
    """End the run with the first difference."""
    for number, (left, right) in enumerate(zip(wanted, found, strict=False)):
        if left != right:
            raise SystemExit(f"{name}, {what}, row {number}:\n  floor {left}\n  {name} {right}")
    if len(wanted) != len(found):
        raise SystemExit(f"{name}, {what}: {len(found)} rows instead of {len(wanted)}.")
