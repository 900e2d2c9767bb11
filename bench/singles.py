"""Single item-unit upserts: how many a second, and what one costs."""

import json
import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bench.registry import ITEMS, ROOT, SHELF, SHELF_UNITS, Registry, now_text
from bench.servers import ORM_PEER, SERVICE, TOKEN_ONLY, TOKEN_PATH, Contestant, Server, running

CONTESTANTS = (SERVICE, ORM_PEER, TOKEN_ONLY)
WORKERS = 2
CONNECTIONS = 8
PREPARED = 5_000
"""Requests that are prepared; the generator begins again after the last."""
PAIR = (
    "organization_id, item_id, unit_id, quantity, sales_quantity, is_default, default_display,"
    " unpacking, version, created_at, updated_at"
)


class Rate(NamedTuple):
    """One measurement: requests a second; CPU seconds a request of the server and the database."""

    per_second: float
    python_cpu: float
    database_cpu: float
    p50: float
    p99: float


@dataclass
class Rates:
    """All measurements of one engine."""

    engine: str
    samples: dict[str, list[Rate]] = field(default_factory=dict)

    def median(self, name: str) -> Rate | None:
        """Answer the median of each figure, None where nothing was measured."""
        found = self.samples.get(name)
        if not found:
            return None
        return Rate(*(statistics.median(column) for column in zip(*found, strict=True)))


def measure(registry: Registry, rounds: int, seconds: float, say: Callable[[str], None]) -> Rates:
    """Measure all contestants, round by round, each with a server of its own."""
    rates = Rates(registry.database.engine)
    units = registry.database.sql(
        "SELECT id, identifier FROM units WHERE group_id = ? ORDER BY id", registry.groups[SHELF]
    )
    for number in range(rounds):
        for contestant in CONTESTANTS:
            say(f"{rates.engine}: single upserts, {contestant.name}, round {number + 1}")
            put_half(registry, [unit for unit, _ in units])
            requests = prepare(contestant, [name for _, name in units], registry.token)
            with running(contestant, registry, WORKERS) as server:
                load(server, requests, min(1.0, seconds))
                rate = measure_one(registry, server, requests, seconds)
            rates.samples.setdefault(contestant.name, []).append(rate)
    return rates


def put_half(registry: Registry, units: Sequence[int]) -> None:
    """Leave an item-unit for every other pair, so that half of the upserts are updates."""
    database, organization = registry.database, registry.organization_id
    database.sql("DELETE FROM item_units WHERE organization_id = ?", organization)
    items = database.sql("SELECT id FROM items WHERE organization_id = ?", organization)
    now = now_text()
    rows = [
        (organization, item, unit, 1, 1, False, False, False, 1, now, now)
        for place, (item,) in enumerate(items)
        for unit in units[place % 2 :: 2]
    ]
    mark = "?" if database.engine == "sqlite" else "%s"
    marks = ", ".join(mark for _ in rows[0])
    insert = f"INSERT INTO item_units ({PAIR}) VALUES ({marks})"
    database.sql("BEGIN")
    database.connection.cursor().executemany(insert, rows)
    database.sql("COMMIT")
    database.settle()


def prepare(contestant: Contestant, units: Sequence[str], token: str) -> list[str]:
    """Answer the texts of the requests: random pairs, always another quantity."""
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    if contestant is TOKEN_ONLY:
        return [f"GET {TOKEN_PATH} HTTP/1.1\r\n{head}\r\n"]
    chance = random.Random(1)
    texts = []
    for number in range(PREPARED):
        pair = f"item-{chance.randrange(ITEMS)}/{units[chance.randrange(SHELF_UNITS)]}"
        body = json.dumps(
            {"quantity": number + 2, "volume": 0.25, "weight": 1.5, "isDefault": False}
        )
        texts.append(
            f"POST /api/v1.0/itemUnits/reference/{pair} HTTP/1.1\r\n{head}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
    return texts


def measure_one(
    registry: Registry, server: Server, requests: Sequence[str], seconds: float
) -> Rate:
    """Measure one server for some seconds."""
    registry.database.start_cpu()
    cpu = server.cpu()
    done = load(server, requests, seconds)
    cpu, database = server.cpu() - cpu, registry.database.stop_cpu()
    count = done["requests"]
    if done["failed"] > count / 100:
        raise SystemExit(f"{server.name}: {done['failed']} of {count} requests failed.")
    rate = count / done["seconds"]
    return Rate(rate, cpu / count, database / count, done["p50"], done["p99"])


def load(server: Server, requests: Sequence[str], seconds: float) -> dict[str, Any]:
    """Let the load generator work and answer its figures."""
    plan = {
        "port": server.port,
        "connections": CONNECTIONS,
        "seconds": seconds,
        "requests": list(requests),
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        cwd=ROOT,
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{server.name}: the load generator failed:\n{done.stderr}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures
