"""The servers under test: started, asked and stopped."""

import http.client
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, NamedTuple

from bench.clocks import cpu_seconds, family
from bench.registry import ROOT, Registry

READY_WITHIN = 120.0
ANSWER_WITHIN = 3600.0
STOPPED_WITHIN = 20.0
UNITS_PATH = "/api/v1.0/units/multiple"
TOKEN_PATH = "/api/v1.0/bench/token"
GUNICORN = ("gunicorn", "--timeout", "3600", "--bind", "127.0.0.1:{port}", "--workers", "{workers}")
UVICORN = (
    *("uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--workers", "{workers}"),
    *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
)


class Contestant(NamedTuple):
    """Who takes part: a name for the tables and the command that serves it."""

    name: str
    command: tuple[str, ...]
    is_orm: bool = False


SERVICE = Contestant("service", (*GUNICORN, "wsgi:app"))
SET_PEER = Contestant("FastAPI set-based", (*UVICORN, "bench.peers.fastapi_set:app"))
ORM_PEER = Contestant("FastAPI ORM", (*UVICORN, "bench.peers.fastapi_orm:app"), is_orm=True)
DJANGO_PEER = Contestant("DRF", (*GUNICORN, "bench.peers.django_rest:app"), is_orm=True)
TOKEN_ONLY = Contestant("token only", (*GUNICORN, "bench.token_only:app"))
BULK = (SERVICE, SET_PEER, ORM_PEER, DJANGO_PEER)


class Answer(NamedTuple):
    """What a server said, and the wall-clock seconds until its last byte."""

    status: int
    content: bytes
    seconds: float


@dataclass(frozen=True)
class Server:
    """A running server."""

    name: str
    port: int
    pids: list[int]
    token: str

    def cpu(self) -> float:
        """Answer the CPU seconds that its processes have used so far."""
        return cpu_seconds(self.pids)

    def post(self, path: str, body: bytes) -> Answer:
        """Post JSON and answer what comes back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_WITHIN)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        start = time.perf_counter()
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - start
        connection.close()
        return Answer(response.status, content, seconds)


@contextmanager
def running(contestant: Contestant, registry: Registry, workers: int = 1) -> Iterator[Server]:
    """Answer a fresh server over ``registry``, which stops at the end of the block."""
    port = free_port()
    command = [part.format(port=port, workers=workers) for part in contestant.command]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=dict(registry.environment),
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        try:
            wait_until_ready(contestant.name, process, port, log)
            yield Server(contestant.name, port, family(process.pid), registry.token)
        finally:
            stop(process)


def free_port() -> int:
    """Answer a port of the loopback interface that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until_ready(
    name: str, process: subprocess.Popen[bytes], port: int, log: IO[bytes]
) -> None:
    """Return once ``/healthz`` answers; ends the run if it never does."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    log.seek(0)
    raise SystemExit(f"{name} did not start:\n{log.read()[-3000:].decode(errors='replace')}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server, gently at first."""
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
