"""The cluster that the environment names, and what the tests ask it.

``CITUS_DSN`` is an empty database on the coordinator, with the extension and its nodes;
``CITUS_NODES`` may name more nodes to connect to, separated by ``;``;
``CITUS_STOP_WORKER`` and ``CITUS_START_WORKER`` are shell commands that stop and start one worker.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from flask import Flask
from flask_migrate import downgrade, upgrade

from app import create_app
from app.db import db
from tests.fixtures import MIGRATIONS, as_url, config_for
from tests.world import World

DSN = os.environ.get("CITUS_DSN", "")
NODES = [DSN, *(dsn for dsn in os.environ.get("CITUS_NODES", "").split(";") if dsn.strip())]
"""The coordinator, and the other nodes that clients may use."""

STOP = os.environ.get("CITUS_STOP_WORKER", "")
START = os.environ.get("CITUS_START_WORKER", "")
OURS = "SELECT relname FROM pg_class WHERE relname IN ('organizations', 'units') AND relkind = 'r'"


def rows_of(sql: str, dsn: str = DSN) -> list[Any]:
    """Answer what the database says to ``sql``."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = connection.execute(sql)  # type: ignore[arg-type]
        return found.fetchall() if found.description else []


def app_on(dsn: str) -> Flask:
    """Answer the application with its database at ``dsn``."""
    return create_app(config_for(as_url(dsn)))


@contextmanager
def plain_world() -> Iterator[World]:
    """Answer a world in the coordinator's empty database, not yet distributed; dropped afterwards."""
    assert rows_of(OURS) == [], "CITUS_DSN must name an empty database: it has a registry"
    app = app_on(DSN)
    with app.app_context():
        upgrade(MIGRATIONS)
    try:
        yield World(app)
    finally:
        with app.app_context():
            db.session.remove()
            downgrade(MIGRATIONS, revision="base")
            db.engine.dispose()
        drop_versions()


def drop_versions() -> None:
    """Drop what the migrations keep of themselves, so that the next test finds a plain database."""
    rows_of("DROP TABLE IF EXISTS alembic_version")


def distribute(world: World, *arguments: str) -> str:
    """Run the command; answers what it said."""
    told = world.app.test_cli_runner().invoke(args=["distribute", *arguments])
    assert told.exit_code == 0, told.output
    return str(told.output)


def node_of(organization_id: int) -> str:
    """Answer on which node, by host and port, an organization's rows lie."""
    ((node,),) = rows_of(
        "SELECT nodename || ':' || nodeport FROM citus_shards WHERE table_name = 'units'::regclass"
        f" AND shardid = get_shard_id_for_distribution_column('units', {organization_id})"
    )
    return str(node)


def shell(command: str) -> None:
    """Run a command of the environment; it must succeed."""
    subprocess.run(command, shell=True, check=True, timeout=60)
