"""Real processes: nginx with our own file, servers behind it; each stops at the end of its block."""

import http.client
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from demo.commands import PYTHON, ROOT

READY_WITHIN = 60.0
STOPPED_WITHIN = 60.0
DEPLOY = ROOT / "deploy"


def need(program: str, package: str) -> str:
    """Answer where ``program`` is; where there is none, that is a failure and says what to do."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        pytest.fail(f"There is no {program}. Debian, Ubuntu: apt install {package}.")
    return found


def free_port() -> int:
    """Answer a port that nobody listens on, and that no system gives to a client by itself.

    Of those that it does, one may be a client's by the time that our server has started.
    """
    while True:
        port = random.randrange(10_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def get(port: int, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Answer status and body of a GET, its path sent as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_until(is_so: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once ``is_so``; fail if the process ends first or it takes too long."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if is_so():
                return
        except OSError:
            pass
        time.sleep(0.05)
    state = "takes too long" if process.poll() is None else "ended"
    pytest.fail(f"{process.args!r} {state}: {log.read_text()[-3000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process, gently at first."""
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        pytest.fail(f"{process.args!r} did not stop")


class Server:
    """One server of the registry, two workers, on ports of its own; it can be restarted."""

    def __init__(self, name: str, folder: Path, settings: Mapping[str, str]) -> None:
        self.port, self.ops_port = free_port(), free_port()
        self.log = folder / f"{name}.log"
        self.settings = {
            **settings,
            "BIND": f"127.0.0.1:{self.port}",
            "OPS_BIND": f"127.0.0.1:{self.ops_port}",
            "WEB_WORKERS": "2",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [PYTHON, "-m", "gunicorn"],
                cwd=ROOT,
                env=self.settings,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: get(self.ops_port, "/readyz")[0] == 200, self.process, self.log)

    def stop(self) -> None:
        """Stop it as systemd and Docker do."""
        if self.process is not None:
            stop(self.process)
            self.process = None

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def reload(self) -> None:
        """Have it renew its workers, its listening socket kept."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def metrics(self) -> dict[str, float]:
        """Answer the figures of all its workers."""
        status, body = get(self.ops_port, "/metrics")
        assert status == 200
        lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


@contextmanager
def nginx(folder: Path, servers: list[Server]) -> Iterator[int]:
    """Answer the port of an nginx with ``deploy/nginx.conf`` in front of the servers."""
    port, conf, log = free_port(), folder / "nginx.conf", folder / "nginx.log"
    conf.write_text(nginx_conf(folder, port, [server.port for server in servers]))
    command = [need("nginx", "nginx-light"), "-c", str(conf), "-g", "daemon off;"]
    if os.geteuid() == 0:
        command[-1] += " user root;"
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: get(port, "/healthz")[0] in (200, 404), process, log)
        yield port
    finally:
        stop(process)


def nginx_conf(folder: Path, port: int, servers: list[int]) -> str:
    """Answer ``deploy/nginx.conf`` with other addresses and paths, and nothing else changed."""
    changes = {
        "server app1:8000": f"server 127.0.0.1:{servers[0]}",
        "server app2:8000": f"server 127.0.0.1:{servers[1]}",
        "listen 8080;": f"listen 127.0.0.1:{port};",
        "/tmp/nginx": f"{folder}/nginx-tmp",
    }
    conf = (DEPLOY / "nginx.conf").read_text()
    for original, changed in changes.items():
        assert original in conf, original
        conf = conf.replace(original, changed)
    return conf
