"""Every hostile body at every route that takes one: refused, told in short, nothing stored or logged."""

import logging
from typing import Any

import orjson
import pytest
from flask import Flask

from app.errors import ITEM_PREFIXES
from tests.bad_bodies import FORM, JSON, Body, Shape, bodies
from tests.world import ORGANIZATIONS, World
from tests.writing_routes import ROUTES, served

CASES = [
    pytest.param(method, rule, shape, id=f"{method} {rule} {number}")
    for (method, rule), shapes in ROUTES.items()
    for number, shape in enumerate(shapes, 1)
]
REFUSAL, SMALL, ROW = 2 * 1024, 64 * 1024, 512
"""Bytes: what a refusal may have, whatever was sent; an answer row by row; each of many more rows."""

CLIENT_SECRET = "s3cret-of-sync"


class Target:
    """A route with what it needs beside the body: ids, a group for a stream, a client's secret.

    Every other request has an ``Idempotency-Key``, which must not be remembered; not where an answer
    row by row is a success that is.
    """

    def __init__(self, world: World, method: str, rule: str, shape: Shape) -> None:
        self.world, self.method, self.shape, self.sent = world, method, shape, 0
        self.path = self.prepare(rule)

    def prepare(self, rule: str) -> str:
        """Put there what the route needs; answers the path to call."""
        self.world.put_units({"identifier": "PACKET"})
        secret = {"client_id": "entity1-sync", "client_secret": CLIENT_SECRET, "groups": "*"}
        organization = {"name": ORGANIZATIONS["organizations"][0]["name"], "clients": [secret]}
        self.world.provision({"organizations": [organization]})
        made = "0"
        if self.method == "PUT":
            made = self.world.upsert({"quantity": 1, "isDefault": True}, "bracelet").json["id"]
        path = rule.replace("<id:item_unit_id>", str(made))
        for argument, value in (("item", "bracelet"), ("unit", "PACKET"), ("reference", "next")):
            path = path.replace(f"<reference:{argument}>", value)
        return path + "?group_external_ref=north-tower" * (self.shape.kind.endswith("ndjson"))

    def send(self, kind: str, content: bytes) -> Any:
        """Send a body."""
        headers = {} if self.shape.kind == FORM else self.world.headers()
        self.sent += 1
        if self.shape.kind == JSON and not self.shape.rows and self.sent % 2:
            headers["Idempotency-Key"] = f"hostile-{self.sent}"
        return self.world.http.open(
            self.path,
            method=self.method,
            data=content,
            content_type=kind,
            headers=headers,
            buffered=True,
        )

    def check(self, body: Body) -> None:
        """Send a bad body and hold its answer against the rules."""
        answer = self.send(body.kind, body.content)
        assert answer.status_code != 201, body.name
        if answer.status_code == 200:
            rows = failed_rows(answer)
            assert len(answer.data) < SMALL + ROW * len(rows), (body.name, len(answer.data))
            return
        assert len(answer.data) < REFUSAL, (body.name, len(answer.data))
        assert 400 <= answer.status_code < 500, (body.name, answer.status_code, answer.data)
        told = orjson.loads(answer.data)
        if self.path.startswith(ITEM_PREFIXES):
            assert set(told) == {"error", "error_description"}, body.name
        else:
            assert set(told["error"]) == {"type", "message"}, body.name


def failed_rows(answer: Any) -> list[Any]:
    """Answer the rows of an answer row by row, which must all have failed."""
    if answer.mimetype.endswith("ndjson"):
        *rows, ending = map(orjson.loads, answer.data.splitlines())
    else:
        ending = orjson.loads(answer.data)
        rows = next(
            (value for value in ending.values() if isinstance(value, list)), [{"success": 1}]
        )
    assert not any(row["success"] for row in rows)
    assert ending["summary"]["failed"] == len(rows)
    return rows


def test_every_route_that_takes_a_body_is_entered(migrated_app: Flask) -> None:
    assert set(ROUTES) == served(migrated_app)


@pytest.mark.parametrize(("method", "rule", "shape"), CASES)
def test_there_are_a_hundred_bodies_for_each(method: str, rule: str, shape: Shape) -> None:
    names = [body.name for body in bodies(shape)]

    assert len(names) == len(set(names)) >= 100


@pytest.mark.parametrize(("method", "rule", "shape"), CASES)
def test_no_bad_body_stores_anything_or_causes_a_500(
    world: World, method: str, rule: str, shape: Shape, caplog: pytest.LogCaptureFixture
) -> None:
    target = Target(world, method, rule, shape)
    before = world.everything()
    caplog.set_level(logging.DEBUG, "app")
    caplog.clear()

    for body in bodies(shape):
        target.check(body)

    assert world.everything() == before
    assert caplog.text == "", "what a client sends wrong is nothing for the log"
    assert target.send(shape.kind, shape.good).status_code in (200, 201)
