"""A PostgreSQL cluster of real processes on loopback: etcd, three nodes under Patroni, HAProxy.

It runs on the very files that ``deploy/ha`` documents; only addresses and passwords are the test's own.
"""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy" / "ha"
PROGRAMS = ("etcd", "patroni", "haproxy")
NEEDED = (
    "This needs etcd, Patroni, HAProxy and PostgreSQL's server programs, and root to run them as the"
    " user postgres. Debian: apt install etcd-server patroni haproxy postgresql."
)
UP_WITHIN = 120.0
"""Seconds for the cluster to form or to heal; a loaded machine may need many."""
STOPPED_WITHIN = 20.0
PASSWORD = "only-of-this-test"


@dataclass
class Node:
    """One PostgreSQL under its Patroni."""

    name: str
    port: int
    api: int
    data: Path
    patroni: subprocess.Popen[bytes] | None = None

    def role(self) -> str | None:
        """Answer ``primary``, ``replica`` or None if its Patroni does not answer."""
        status = ask(f"http://127.0.0.1:{self.api}/patroni")
        role = status.get("role")
        return "primary" if role in ("master", "primary") else role

    def is_synchronous_standby(self) -> bool:
        """Tell whether the primary waits for this node before it answers a commit."""
        return bool(ask(f"http://127.0.0.1:{self.api}/synchronous"))

    def postmaster(self) -> int:
        """Answer the process id of its PostgreSQL."""
        return int((self.data / "postmaster.pid").read_text().split()[0])


@dataclass
class Cluster:
    """The nodes and the port at which HAProxy gives the primary."""

    folder: Path
    user: str
    port: int
    nodes: list[Node]
    etcd_port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def spawn(
        self, name: str, command: list[str], environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a program as the cluster's user; its output goes to a file of its own."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **environment},
                stdout=log,
                stderr=log,
                user=self.user,
                group=pwd.getpwnam(self.user).pw_gid,
                extra_groups=[],
            )
        self.processes.append(process)
        return process

    def start_node(self, node: Node) -> None:
        """Start a node's Patroni, which starts its PostgreSQL."""
        address = f"127.0.0.1:{node.port}"
        api = f"127.0.0.1:{node.api}"
        environment = {
            "PATRONI_NAME": node.name,
            "PATRONI_RESTAPI_LISTEN": api,
            "PATRONI_RESTAPI_CONNECT_ADDRESS": api,
            "PATRONI_POSTGRESQL_LISTEN": address,
            "PATRONI_POSTGRESQL_CONNECT_ADDRESS": address,
            "PATRONI_POSTGRESQL_DATA_DIR": str(node.data),
            "PATRONI_POSTGRESQL_BIN_DIR": str(postgresql_programs()),
            "PATRONI_POSTGRESQL_PGPASS": str(self.folder / f"{node.name}.pgpass"),
            "PATRONI_ETCD3_HOSTS": f"'127.0.0.1:{self.etcd_port}'",
            "PATRONI_SUPERUSER_USERNAME": "postgres",
            "PATRONI_SUPERUSER_PASSWORD": PASSWORD,
            "PATRONI_REPLICATION_USERNAME": "replicator",
            "PATRONI_REPLICATION_PASSWORD": PASSWORD,
        }
        node.patroni = self.spawn(
            node.name, ["patroni", str(self.folder / "patroni.yml")], environment
        )

    def primary(self) -> Node | None:
        """Answer the node that leads now, None if none does."""
        return next((node for node in self.nodes if node.role() == "primary"), None)

    def synchronous_standby(self) -> Node:
        """Answer the node that the primary waits for."""
        return next(node for node in self.nodes if node.is_synchronous_standby())

    def is_whole(self) -> bool:
        """Tell whether one node leads, the others follow it, and one of them synchronously."""
        roles = sorted(str(node.role()) for node in self.nodes)
        return roles == ["primary", "replica", "replica"] and any(
            node.is_synchronous_standby() for node in self.nodes
        )

    def kill(self, node: Node) -> None:
        """Kill a node as a power cut would: its Patroni and all processes of its PostgreSQL."""
        assert node.patroni is not None
        postmaster = node.postmaster()
        doomed = [node.patroni.pid, postmaster, *children_of(postmaster)]
        for pid in doomed:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        node.patroni.wait()

    def admin(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """Answer a superuser's connection to whichever node leads."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=PASSWORD,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def stop(self) -> None:
        """End everything; what does not end gently is killed."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for node in self.nodes:
            with suppress(OSError, ValueError):
                os.kill(node.postmaster(), signal.SIGQUIT)


def children_of(pid: int) -> list[int]:
    """Answer the process ids of the direct children of ``pid``."""
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def ask(url: str) -> dict[str, str]:
    """Answer what a Patroni says; nothing if it does not answer or says no to a health question."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            answer: dict[str, str] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        with suppress(ValueError):
            found: dict[str, str] = json.load(error)
            return found if url.endswith("/patroni") else {}
    except (OSError, ValueError):
        pass
    return {}


def wait_for(what: str, is_true: Callable[[], object], within: float = UP_WITHIN) -> None:
    """Return once ``is_true``; fails the test after ``within`` seconds."""
    deadline = time.monotonic() + within
    while not is_true():
        if time.monotonic() > deadline:
            pytest.fail(f"after {within:.0f} s still not true: {what}")
        time.sleep(0.2)


def postgresql_programs() -> Path:
    """Answer the folder of the newest PostgreSQL server that Debian installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[4])
    )
    if not found:
        pytest.fail(NEEDED)
    return found[-1].parent


def free_ports(count: int) -> list[int]:
    """Answer so many ports of the loopback interface that nobody uses."""
    with ExitStack() as stack:
        listeners = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [listener.getsockname()[1] for listener in listeners]


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Answer a cluster whose nodes all follow one primary; it ends with the block."""
    if os.geteuid() != 0 or not all(map(shutil.which, PROGRAMS)):
        pytest.fail(NEEDED)
    port, etcd_port, peer_port, *ports = free_ports(9)
    nodes = [
        Node(f"node-{number}", ports[2 * number - 2], ports[2 * number - 1], folder / f"{number}")
        for number in (1, 2, 3)
    ]
    cluster = Cluster(folder, "postgres", port, nodes, etcd_port)
    shutil.copy(DEPLOY / "patroni.yml", folder)
    shutil.copy(DEPLOY / "haproxy.cfg", folder)
    shutil.chown(folder, cluster.user)
    try:
        start_etcd(cluster, peer_port)
        for node in nodes:
            cluster.start_node(node)
        start_haproxy(cluster)
        wait_for("three nodes, one of them synchronous", cluster.is_whole)
        yield cluster
    finally:
        cluster.stop()


def start_etcd(cluster: Cluster, peer_port: int) -> None:
    """Start the store in which the nodes agree on who leads; in real use there are three of it."""
    client, peer = (f"http://127.0.0.1:{port}" for port in (cluster.etcd_port, peer_port))
    command = ["etcd", "--data-dir", str(cluster.folder / "etcd"), "--initial-cluster"]
    command += [f"default={peer}", "--initial-advertise-peer-urls", peer]
    command += ["--listen-peer-urls", peer, "--listen-client-urls", client]
    command += ["--advertise-client-urls", client]
    cluster.spawn("etcd", command, {})
    wait_for("etcd answers", lambda: ask(f"{client}/version"))


def start_haproxy(cluster: Cluster) -> None:
    """Start HAProxy on the documented file."""
    places = {"PG_LISTEN": f"127.0.0.1:{cluster.port}"}
    for number, node in enumerate(cluster.nodes, start=1):
        places[f"NODE_{number}"] = f"127.0.0.1:{node.port}"
        places[f"NODE_{number}_API"] = str(node.api)
    cluster.spawn("haproxy", ["haproxy", "-db", "-f", str(cluster.folder / "haproxy.cfg")], places)
