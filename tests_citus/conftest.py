"""Without a cluster every test here is skipped, and says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import db
from tests.world import World
from tests_citus.cluster import DSN, NODES, app_on, distribute, plain_world

HERE = Path(__file__).parent
WHY = "CITUS_DSN is not set: no Citus cluster to test on"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all of this folder where there is no cluster."""
    for item in items:
        if HERE in item.path.parents and not DSN:
            item.add_marker(pytest.mark.skip(reason=WHY))


@pytest.fixture(name="plain")
def _plain() -> Iterator[World]:
    """Answer a world in a plain database on the coordinator."""
    with plain_world() as world:
        yield world


@pytest.fixture(name="worlds")
def _worlds(plain: World) -> Iterator[list[World]]:
    """Answer the same distributed world through each node that clients may use."""
    distribute(plain)
    others = [World(app_on(node)) for node in NODES[1:]]
    yield [plain, *others]
    for world in others:
        with world.app.app_context():
            db.session.remove()
            db.engine.dispose()
