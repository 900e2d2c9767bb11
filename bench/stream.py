"""NDJSON: a million units in one request, in flat memory and linear time."""

import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, NamedTuple

import orjson

from bench.clocks import peak_memory
from bench.registry import GROUP, Registry
from bench.servers import ANSWER_WITHIN, SERVICE, UNITS_PATH, Server, running
from bench.workload import expected, request_rows

SIZES = (10_000, 100_000, 1_000_000)
BLOCK = 2**20


class Flow(NamedTuple):
    """One measurement: seconds, CPU seconds with the database's, and the worker's peak in bytes."""

    wall: float
    cpu: float
    peak: int


@dataclass
class Flows:
    """All measurements of one engine, by size."""

    engine: str
    flows: dict[int, Flow] = field(default_factory=dict)


def measure(registry: Registry, sizes: Sequence[int], say: Callable[[str], None]) -> Flows:
    """Measure one mixed request of each size, each with a fresh worker."""
    measured = Flows(registry.database.engine)
    for size in sizes:
        say(f"{measured.engine}: NDJSON, {size:,} units")
        registry.refill("mixed", size)
        with running(SERVICE, registry) as server, tempfile.TemporaryFile() as source:
            write_lines(source, size)
            measured.flows[size] = measure_one(registry, server, source, size)
    registry.empty(GROUP)
    return measured


def write_lines(target: IO[bytes], size: int) -> None:
    """Write a mixed request, one unit a line."""
    for row in request_rows("mixed", size):
        target.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    target.flush()


def measure_one(registry: Registry, server: Server, source: IO[bytes], size: int) -> Flow:
    """Send the lines, read the answer at the same time, and check its summary."""
    registry.database.start_cpu()
    start, cpu = time.perf_counter(), server.cpu()
    count, summary = 0, b""
    for line in exchange(server, source):
        count, summary = count + 1, line
    wall = time.perf_counter() - start
    cpu = server.cpu() - cpu + registry.database.stop_cpu()
    wanted = {**expected("mixed", size), "failed": 0}
    if count != size + 1 or orjson.loads(summary).get("summary") != wanted:
        raise SystemExit(f"NDJSON of {size}: {count} lines, the last {summary[:500]!r}")
    return Flow(wall, cpu, peak_memory(server.pids) if sys.platform == "linux" else 0)


def exchange(server: Server, source: IO[bytes]) -> Iterator[bytes]:
    """Send ``source`` from a thread of its own, and yield the lines of the answer as they come.

    A client that sends all before it reads would wait for ever for a server that answers meanwhile.
    """
    length = source.seek(0, 2)
    source.seek(0)
    head = (
        f"POST {UNITS_PATH}?group_external_ref={GROUP} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {server.token}\r\nContent-Type: application/x-ndjson\r\n"
        f"Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), ANSWER_WITHIN) as connection:
        connection.sendall(head.encode())
        sender = threading.Thread(target=send, args=(connection, source), daemon=True)
        sender.start()
        yield from read_answer(connection)
        sender.join()


def send(connection: socket.socket, source: IO[bytes]) -> None:
    """Send all of ``source``; the reader notices if the server ends early."""
    try:
        while block := source.read(BLOCK):
            connection.sendall(block)
    except OSError:
        return


def read_answer(connection: socket.socket) -> Iterator[bytes]:
    """Yield the lines of the content, sent in chunks or until the connection closes."""
    with connection.makefile("rb") as stream:
        status = stream.readline()
        chunked = False
        while (header := stream.readline()) not in (b"\r\n", b""):
            chunked |= header.lower().replace(b" ", b"").startswith(b"transfer-encoding:chunked")
        if b" 200 " not in status:
            raise SystemExit(f"NDJSON: {status!r} {stream.read(1000)!r}")
        rest = b""
        for part in read_chunks(stream) if chunked else iter(lambda: stream.read1(BLOCK), b""):
            *lines, rest = (rest + part).split(b"\n")
            yield from lines
        if rest:
            yield rest


def read_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the chunks of a chunked content."""
    while size := int(stream.readline().split(b";")[0], 16):
        yield stream.read(size)
        stream.readline()
