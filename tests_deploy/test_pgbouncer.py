"""A real PgBouncer that pools transactions, on ``deploy/pgbouncer.ini``: few connections for many."""

import json
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from demo.commands import migrate
from tests.fixtures import empty_database
from tests_deploy.conftest import GROUP, ITEM, set_up
from tests_deploy.processes import DEPLOY, Server, free_port, need, stop, wait_until

CONNECTIONS = 3
"""Connections to PostgreSQL; the server has two workers of four threads."""
CLIENTS, ROUNDS = 12, 5
LIMITS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


@pytest.fixture(scope="module", name="pooled")
def _pooled(postgres_server: str) -> Iterator[str]:
    """Answer the URL of an empty database behind PgBouncer."""
    folder = Path(tempfile.mkdtemp(prefix="unit-registry-pgbouncer-"))
    folder.chmod(0o711)
    with empty_database(postgres_server) as conninfo, pgbouncer(conninfo, folder) as url:
        yield url
    shutil.rmtree(folder)


@pytest.fixture(scope="module", name="behind")
def _behind(
    pooled: str, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, str]]:
    """Answer a server behind PgBouncer, migrated through it, and a token."""
    through = {**settings, "DATABASE_URL": pooled, "PGBOUNCER": "true"}
    token = set_up(through)
    server = Server("pooled", tmp_path_factory.mktemp("pooled"), through)
    try:
        server.start()
        yield server, token
    finally:
        server.stop()


@contextmanager
def pgbouncer(conninfo: str, folder: Path) -> Iterator[str]:
    """Answer the URL of a database behind a PgBouncer, which ends with the block."""
    target = psycopg.conninfo.conninfo_to_dict(conninfo)
    port, log, ini = free_port(), folder / "log", folder / "pgbouncer.ini"
    ini.write_text(configured(target, port))
    # It refuses to be root, and must get at PostgreSQL's socket.
    owner = Path(str(target["host"])).stat()
    is_root = os.geteuid() == 0
    with log.open("ab") as out:
        process = subprocess.Popen(
            [need("pgbouncer", "pgbouncer"), str(ini)],
            stdout=out,
            stderr=out,
            user=owner.st_uid if is_root else None,
            group=owner.st_gid if is_root else None,
            extra_groups=[] if is_root else None,
        )
    url = f"postgresql://{target['user']}@127.0.0.1:{port}/registry"
    try:
        wait_until(lambda: answers(url), process, log)
        yield url
    finally:
        stop(process)


def configured(target: dict[str, object], port: int) -> str:
    """Answer ``deploy/pgbouncer.ini`` with other addresses, no passwords and fewer connections."""
    place = f"host={target['host']} dbname={target['dbname']} user={target['user']}"
    changes = {
        "host=db.example port=5432 dbname=registry": place,
        "listen_port = 6432": f"listen_port = {port}",
        "auth_type = scram-sha-256": "auth_type = any",
        "auth_file = /etc/pgbouncer/userlist.txt\n": "",
        "default_pool_size = 20": f"default_pool_size = {CONNECTIONS}",
    }
    ini = (DEPLOY / "pgbouncer.ini").read_text()
    for original, changed in changes.items():
        assert original in ini, original
        ini = ini.replace(original, changed)
    return ini


def answers(url: str) -> bool:
    """Tell whether PostgreSQL answers through PgBouncer."""
    try:
        with psycopg.connect(url, connect_timeout=5, prepare_threshold=None) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def post(behind: tuple[Server, str], path: str, body: object, key: str = "") -> tuple[int, bytes]:
    """POST JSON to the server itself; answers status and body."""
    server, token = behind
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    url = f"http://127.0.0.1:{server.port}/api/v1.0{path}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_many_threads_share_few_connections(behind: tuple[Server, str], pooled: str) -> None:
    def work(client: int) -> Counter[int]:
        told: Counter[int] = Counter()
        for turn in range(ROUNDS):
            name = f"c{client}-{turn}"
            rows = [{"identifier": name}, {"identifier": "shared", "sqft": client + turn}]
            body = {"group_external_ref": GROUP, "units": rows}
            told[post(behind, "/units/multiple", body)[0]] += 1
            path = f"/itemUnits/reference/{ITEM}/{name}"
            told[post(behind, path, {"quantity": 1, "isDefault": False})[0]] += 1
        return told

    assert post(behind, "/units/multiple", units("first"))[0] == 200
    path = f"/itemUnits/reference/{ITEM}/first"
    assert post(behind, path, {"quantity": 1, "isDefault": True})[0] == 201
    with ThreadPoolExecutor(CLIENTS) as clients:
        told = sum(clients.map(work, range(CLIENTS)), Counter())

    assert told == {200: CLIENTS * ROUNDS, 201: CLIENTS * ROUNDS}
    with psycopg.connect(pooled, prepare_threshold=None) as connection:
        (stored,) = connection.execute("SELECT count(*) FROM units").fetchone() or (0,)
        (servers,) = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        ).fetchone() or (0,)
    assert stored == CLIENTS * ROUNDS + 2
    assert servers <= CONNECTIONS


def units(*names: str) -> dict[str, object]:
    """Answer a request for units of these identifiers."""
    return {"group_external_ref": GROUP, "units": [{"identifier": name} for name in names]}


def test_a_key_has_one_effect_through_the_pooler(behind: tuple[Server, str]) -> None:
    with ThreadPoolExecutor(CLIENTS) as clients:
        told = list(
            clients.map(
                lambda _: post(behind, "/units/multiple", units("keyed"), key="one"),
                range(CLIENTS),
            )
        )

    assert {status for status, _ in told} == {200}
    assert len({body for _, body in told}) == 1


def test_no_setting_of_a_transaction_is_left_to_the_next(
    behind: tuple[Server, str], pooled: str
) -> None:
    assert post(behind, "/units/multiple", units("any"))[0] == 200

    for _ in range(3 * CONNECTIONS):
        with psycopg.connect(pooled, autocommit=True, prepare_threshold=None) as connection:
            shown = [connection.execute(f"SHOW {limit}").fetchone() for limit in LIMITS]
        assert shown == [("0",)] * len(LIMITS)


def test_without_the_setting_the_pooler_refuses_us_rather_than_breaking_later(
    pooled: str, settings: dict[str, str]
) -> None:
    with pytest.raises(Exception, match="options"):
        migrate({**settings, "DATABASE_URL": pooled})
