"""A server under attack, on each engine in turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.db import Base, db
from tests.world import World
from tests_hostile.server import Server, serving


@pytest.fixture(scope="module", name="server")
def _server(
    migrated_app: Flask, engine_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Answer a server with a few records in it; in the end no worker has died and no secret leaked."""
    world = World(migrated_app)
    names = ("PACKET", "Piéce", "B", "A/B", "A\\B", "A+B", "A;B", "A%B", "A%2FB", "A B", "a.b")
    world.put_units(*({"identifier": name} for name in names))
    world.upsert({"quantity": 1, "isDefault": True}, "bracelet")
    with serving(world, engine_url, Path(tmp_path_factory.mktemp("server"))) as server:
        yield server
    check_log(server)
    with migrated_app.app_context(), db.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())


def check_log(server: Server) -> None:
    """Hold the whole log against what must never be in one."""
    logged = server.logged()
    assert "Traceback" not in logged, logged[logged.index("Traceback") - 500 :][:3000]
    assert len(server.workers()) == 2, server.workers()
    assert "WORKER TIMEOUT" not in logged
    assert "\x1b" not in logged
    for secret in secrets_of(server):
        assert secret not in logged, logged[logged.index(secret) - 300 :][:600]


def secrets_of(server: Server) -> list[str]:
    """Answer parts of the token, of the signing key and of a client's secret."""
    token = server.world.token
    parts = [token[at : at + 24] for at in range(0, len(token) - 24, 24)]
    return [*parts, "a-secret-for-tests", "no-secret-of-ours"]
