"""Rate limits: off unless set, per client, told in headers, refused in the route's envelope."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask
from limits.errors import StorageError
from werkzeug.test import TestResponse

from app import create_app
from app.db import db
from tests.conformance import Conformance
from tests.fixtures import config_for
from tests.world import API, World

HEADERS = ("RateLimit", "RateLimit-Policy", "Retry-After")


@pytest.fixture(name="limited")
def _limited(world: World) -> Iterator[Flask]:
    """Answer a server on the same database that takes 2 requests a second, 5 in 2 minutes."""
    config = config_for(
        world.app.config["SQLALCHEMY_DATABASE_URI"],
        RATE_LIMIT="2/second;5 per 2 minutes",
        RATE_LIMIT_STORAGE="memory://",
    )
    app = create_app(config)
    app.after_request(Conformance(app).check)
    with time_machine.travel("2030-01-01T00:00:00.25Z", tick=False):
        yield app
    with app.app_context():
        db.engine.dispose()


def get(app: Flask, token: str, path: str = "/groups") -> TestResponse:
    return app.test_client().get(f"{API}{path}", headers={"Authorization": f"Bearer {token}"})


def told(answer: TestResponse) -> tuple[Any, ...]:
    return (answer.status_code, answer.headers.get("RateLimit"), answer.headers.get("Retry-After"))


def test_nothing_is_limited_unless_it_is_set(world: World) -> None:
    answers = [world.get("/groups") for _ in range(20)]

    assert {answer.status_code for answer in answers} == {200}
    assert not [name for name in HEADERS if name in answers[-1].headers]
    assert "rate_limits" not in world.app.extensions


def test_a_client_is_told_what_is_left_and_then_when_to_come_back(
    world: World, limited: Flask
) -> None:
    token = world.token_for("entity1-sync")
    with time_machine.travel("2030-01-01T00:00:00.25Z", tick=False) as clock:
        seen = [told(get(limited, token)) for _ in range(3)]
        clock.shift(1)
        seen += [told(get(limited, token)) for _ in range(3)]
        clock.shift(120)
        seen.append(told(get(limited, token)))

    assert seen == [
        (200, '"second";r=1;t=1, "2-minute";r=4;t=120', None),
        (200, '"second";r=0;t=1, "2-minute";r=3;t=120', None),
        (429, '"second";r=0;t=1, "2-minute";r=2;t=120', "1"),
        (200, '"second";r=1;t=1, "2-minute";r=1;t=119', None),
        (200, '"second";r=0;t=1, "2-minute";r=0;t=119', None),
        (429, '"second";r=0;t=1, "2-minute";r=0;t=119', "119"),
        (200, '"second";r=1;t=1, "2-minute";r=4;t=120', None),
    ]
    policy = '"second";q=2;w=1, "2-minute";q=5;w=120'
    assert get(limited, token).headers["RateLimit-Policy"] == policy


def test_one_client_leaves_the_others_their_share(world: World, limited: Flask) -> None:
    one, other = world.token_for("entity1-sync"), world.token_for("entity1-all")
    same = world.token_for("entity1-sync")
    assert [get(limited, token).status_code for token in (one, one, same)] == [200, 200, 429]

    assert get(limited, other).status_code == 200


def test_a_refusal_stands_in_the_envelope_of_its_route_and_writes_nothing(
    world: World, limited: Flask
) -> None:
    token, before = world.token_for("entity1-sync"), world.everything()
    for _ in range(2):
        get(limited, token)
    headers = {"Authorization": f"Bearer {token}"}
    body = {"group_id": world.group, "units": [{"identifier": "A"}]}

    units = limited.test_client().post(f"{API}/units/multiple", json=body, headers=headers)
    items = get(limited, token, "/items")

    text = "You have sent too many requests. Please try again after the time in 'Retry-After'."
    assert units.json == {"error": {"type": "rate_limited", "message": text}}
    assert items.json == {"error": "rate_limited", "error_description": text}
    assert all(name in items.headers for name in HEADERS)
    assert world.everything() == before


def test_errors_count_and_who_is_nobody_does_not(world: World, limited: Flask) -> None:
    token = world.token_for("entity1-sync")
    refused = get(limited, "x.y.z")

    seen = [get(limited, token, "/units/0").status_code for _ in range(3)]

    assert seen == [404, 404, 429]
    assert refused.status_code == 401
    assert "RateLimit" not in refused.headers


def test_a_storage_that_is_away_lets_everything_pass(
    world: World, limited: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StorageError(ConnectionError("redis://u:swordfish@h is away"))

    monkeypatch.setattr(limited.extensions["rate_limits"].limiter.storage, "incr", fail)
    token = world.token_for("entity1-sync")

    answers = [get(limited, token) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers
