"""A primary is lost under load, twice: nothing that was acknowledged goes with it.

The service stands before HAProxy and is never restarted. Source: CONTRACT 8; docs/operations.md has the
set-up, which runs here on its own files.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from demo.commands import describe_organization, migrate, provision, run_flask
from demo.server import fresh_environment, running
from tests_ha.cluster import PASSWORD, Cluster, Node, children_of, running_cluster, wait_for
from tests_ha.load import Load, read_identifiers

TTL = 20
ALLOWED_GAP = TTL + 15
"""Seconds without an acknowledged write, of which ``ttl`` pass before anybody may take over."""
ENOUGH = 50
"""Acknowledged requests before the primary dies, and after the next one writes."""
CLIENT, SECRET, GROUP = "ha-client", "a-secret-of-the-ha-client", "north-tower"


@pytest.fixture(scope="session", name="folder")
def _folder() -> Iterator[Path]:
    """Answer a folder that the cluster's user may enter; pytest's own are closed to all others."""
    folder = Path(tempfile.mkdtemp(prefix="unit-registry-ha-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session", name="cluster")
def _cluster(folder: Path) -> Iterator[Cluster]:
    """Answer the cluster, with an empty database for the registry."""
    with running_cluster(folder) as cluster:
        with cluster.admin() as connection:
            connection.execute(sql.SQL("CREATE ROLE registry LOGIN PASSWORD {}").format(PASSWORD))
            connection.execute("CREATE DATABASE registry OWNER registry")
        yield cluster


@pytest.fixture(scope="session", name="environment")
def _environment(cluster: Cluster, folder: Path) -> dict[str, str]:
    """Answer the settings of a service whose database HAProxy finds; migrated and provisioned."""
    place = f"127.0.0.1:{cluster.port}/registry"
    environment = {
        **fresh_environment(folder),
        "DATABASE_URL": f"postgresql://registry:{PASSWORD}@{place}",
    }
    migrate(environment)
    provision(environment, describe_organization("entity1", [GROUP], [], CLIENT, SECRET))
    return environment


@pytest.fixture(name="load")
def _load(environment: dict[str, str], folder: Path) -> Iterator[Load]:
    """Answer writers and probes at work on a server that is never restarted."""
    token = run_flask(environment, "token", CLIENT).strip()
    with running(environment, folder / "server.log") as url, Load(url, token, GROUP) as load:
        yield load


def test_no_acknowledged_write_is_lost_with_the_primary(cluster: Cluster, load: Load) -> None:
    let_write(load)
    lost = kill_primary(cluster)
    judge(cluster, load, lost, "primary killed")


def test_none_is_lost_when_replication_hung_before(cluster: Cluster, load: Load) -> None:
    let_write(load)
    receiver = wal_receiver(cluster.synchronous_standby())
    os.kill(receiver, signal.SIGSTOP)
    wait_for("every writer waits for the standby", lambda: stands_still(load))
    lost = kill_primary(cluster)
    os.kill(receiver, signal.SIGCONT)
    judge(cluster, load, lost, "replication hung, then primary killed")


def let_write(load: Load) -> None:
    """Return when some more requests have been acknowledged."""
    wanted = load.count() + ENOUGH
    wait_for("requests are acknowledged", lambda: load.count() >= wanted)


def stands_still(load: Load) -> bool:
    """Tell whether no request is acknowledged during a second."""
    before = load.count()
    return not load.stopped.wait(1) and load.count() == before


def wal_receiver(node: Node) -> int:
    """Answer the process of a standby that receives what the primary writes."""
    return next(
        pid
        for pid in children_of(node.postmaster())
        if b"walreceiver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )


def kill_primary(cluster: Cluster) -> Node:
    """Kill the node that leads, and answer it."""
    primary = cluster.primary()
    assert primary is not None
    cluster.kill(primary)
    return primary


def judge(cluster: Cluster, load: Load, lost: Node, what: str) -> None:
    """Wait until another node leads and the lost one is back; then hold the stored against the told."""
    wait_for("another node leads", lambda: cluster.primary() not in (None, lost))
    let_write(load)
    cluster.start_node(lost)
    wait_for("the lost node is back", cluster.is_whole)
    load.stop()
    stored = read_identifiers(load)
    missing = load.acknowledged - set(stored)
    print(
        f"{what}: {len(load.acknowledged)} units acknowledged, {len(missing)} of them lost;"
        f" longest gap {load.longest_gap():.1f} s; {len(load.unknown)} unknown, of these"
        f" {len(load.unknown & set(stored))} stored; {dict(load.answers)} {dict(load.probes)}"
    )
    assert not missing
    assert len(stored) == len(set(stored))
    assert set(load.answers) == {"200", "503"}
    assert load.longest_gap() <= ALLOWED_GAP
    assert set(load.probes) == {"/healthz 200", "/readyz 200", "/readyz 503"}
