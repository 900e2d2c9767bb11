"""A small load generator, a process of its own: ``python -m bench.load`` with a plan on stdin.

It keeps ``connections`` keep-alive connections busy from one thread, since threads of Python would
fight each other for the time that they are to measure. It reads a plan
``{"port", "connections", "seconds", "requests": [request, …]}``, each request the text of a whole HTTP
request, and prints ``{"requests", "seconds", "failed", "p50", "p99"}``, times in seconds.
"""

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any

END_OF_HEAD = b"\r\n\r\n"
CHUNK = 65_536


class Line:
    """One connection: sends a request, reads the answer, sends the next."""

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self.port = port
        self.requests = requests
        self.socket = self.connect()
        self.buffer = b""
        self.started = 0.0
        self.times: list[float] = []
        self.failed = 0

    def connect(self) -> socket.socket:
        """Open the connection."""
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def send(self) -> None:
        """Send the next request."""
        self.buffer = b""
        self.started = time.perf_counter()
        self.socket.sendall(next(self.requests))

    def receive(self) -> bool:
        """Take what has come; tells whether the connection must be opened anew."""
        received = self.socket.recv(CHUNK)
        self.buffer += received
        head, end, content = self.buffer.partition(END_OF_HEAD)
        if not received:
            self.failed += 1
            return True
        lines = head.lower().split(b"\r\n")
        if not end or len(content) < length_of(lines):
            return False
        self.times.append(time.perf_counter() - self.started)
        self.failed += not lines[0].split()[1].startswith(b"2")
        if b"connection: close" in lines:
            return True
        self.send()
        return False


def length_of(head: list[bytes]) -> int:
    """Answer the length of the content that a head announces."""
    for line in head:
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise SystemExit("The load generator needs answers with a Content-Length.")


def run(plan: dict[str, Any]) -> dict[str, float]:
    """Keep all connections busy for the time of the plan, and answer the figures."""
    requests = cycle(request.encode() for request in plan["requests"])
    selector = selectors.DefaultSelector()
    lines = [Line(plan["port"], requests) for _ in range(plan["connections"])]
    start = time.perf_counter()
    for line in lines:
        selector.register(line.socket, selectors.EVENT_READ, line)
        line.send()
    while time.perf_counter() - start < plan["seconds"]:
        for key, _ in selector.select(timeout=1):
            line = key.data
            if line.receive():
                selector.unregister(line.socket)
                line.socket.close()
                line.socket = line.connect()
                selector.register(line.socket, selectors.EVENT_READ, line)
                line.send()
    seconds = time.perf_counter() - start
    times = sorted(second for line in lines for second in line.times)
    return {
        "requests": len(times),
        "seconds": seconds,
        "failed": sum(line.failed for line in lines),
        "p50": times[len(times) // 2],
        "p99": times[int(len(times) * 0.99)],
    }


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
