"""Clients that write and read without a pause, and keep a history of all that they were told.

All of them write the same 24 units of one group, half of them known by their address alone, and four
item-units. Each batch also makes two units that no other batch ever names: its witnesses.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tests.world import API
from tests_faults.clients import Answer, Connection
from tests_faults.databases import wait_until
from tests_faults.history import FAILED, OK, UNKNOWN, History, Read, Violation, end, judge
from tests_faults.registry import UNITS, Registry
from tests_faults.servers import Server

CLIENTS = 8
SHARED = 24
BATCH = 6
PAUSE = 0.05
"""Seconds that a client waits after a failure, so that a dead server is not asked a thousand times."""


class Load:
    """The clients of some servers; ``answers`` has the fate of every request."""

    def __init__(
        self, registry: Registry, servers: Sequence[Server], *, keep: bool = False
    ) -> None:
        self.registry = registry
        self.servers = servers
        self.keep = keep
        self.history = History()
        self.answers: list[Answer] = []
        self.ids: dict[str, int] = {}
        self.stopped = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep all clients busy while the block runs."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            jobs = [pool.submit(self.work, number) for number in range(CLIENTS)]
            try:
                yield
            finally:
                self.stopped.set()
            for job in jobs:
                job.result()

    def work(self, client: int) -> None:
        """Be one client until all are stopped."""
        server = self.servers[client % len(self.servers)]
        chance = random.Random(client)
        turn = 0
        with Connection(server.port, self.registry.token, keep=self.keep) as connection:
            while not self.stopped.is_set():
                turn += 1
                kind = chance.choices((self.upsert, self.assign, self.look), (6, 1, 2))[0]
                answer = kind(connection, chance, client, turn)
                self.answers.append(answer)
                if answer.status not in (200, 201):
                    self.stopped.wait(PAUSE)

    def upsert(
        self, connection: Connection, chance: random.Random, client: int, turn: int
    ) -> Answer:
        """Post a batch of units."""
        name = f"{client}.{turn}"
        keys = [shared_key(n) for n in chance.sample(range(SHARED), BATCH)]
        keys += [f"W-{name}", f"{name} Own St"]
        values = {key: f"{name} of {key}" for key in keys}
        rows = [unit(key, value) for key, value in values.items()]
        batch = self.history.invoke(client, values, time.monotonic())
        body = {"group_id": self.registry.groups[0], "units": rows}
        answer = connection.ask("POST", UNITS, body)
        versions = {}
        if answer.status == 200:
            for key, row in zip(keys, answer.json["units"], strict=True):
                assert row["success"], row
                versions[key], self.ids[key] = row["version"], row["id"]
        end(batch, outcome(answer), answer.ended, versions)
        return answer

    def assign(
        self, connection: Connection, chance: random.Random, client: int, turn: int
    ) -> Answer:
        """Upsert an item-unit; every quantity is another."""
        item, quantity = chance.randrange(4), client * 1_000_000 + turn
        key = f"item-{item}/{shared_key(1)}"
        if shared_key(1) not in self.ids:
            return self.upsert(connection, chance, client, turn)
        batch = self.history.invoke(client, {key: str(quantity)}, time.monotonic())
        path = f"{API}/itemUnits/reference/item-{item}/{shared_key(1)}"
        answer = connection.ask("POST", path, {"quantity": quantity, "isDefault": item % 2 == 0})
        versions = {key: version_of(answer)} if answer.status == 201 else {}
        end(batch, outcome(answer), answer.ended, versions)
        return answer

    def look(self, connection: Connection, chance: random.Random, client: int, turn: int) -> Answer:
        """Show a unit."""
        key = shared_key(chance.randrange(SHARED))
        if key not in self.ids:
            return self.upsert(connection, chance, client, turn)
        answer = connection.ask("GET", f"{API}/units/{self.ids[key]}")
        if answer.status == 200:
            seen = (version_of(answer), answer.json["name"])
            self.history.reads.append(Read(client, key, answer.began, answer.ended, *seen))
        assert answer.status != 404, "a unit that was made is gone"
        return answer

    def wait_for_more(self, requests: int = 40) -> None:
        """Return once this many more requests have succeeded."""
        enough = self.served() + requests
        wait_until(lambda: self.served() >= enough, "clients are served")

    def served(self) -> int:
        """Answer how many requests have succeeded."""
        return sum(answer.status in (200, 201) for answer in list(self.answers))

    def violations(self) -> list[Violation]:
        """Judge, against what is stored now, all that the clients were told."""
        return judge(self.history, self.registry.stored())

    def figures(self) -> str:
        """Answer in words what was sent and what came of it."""
        statuses = Counter(answer.status for answer in self.answers)
        outcomes = Counter(write.outcome for write in self.history.writes)
        slowest = max(answer.ended - answer.began for answer in self.answers)
        told = ", ".join(f"{n} x {status or 'none'}" for status, n in sorted(statuses.items()))
        written = ", ".join(f"{n} {fate}" for fate, n in sorted(outcomes.items()))
        return f"answers {told}; writes {written}; slowest {slowest:.1f} s"

    def failures(self) -> list[Answer]:
        """Answer the requests that did not succeed."""
        return [answer for answer in self.answers if answer.status not in (200, 201)]


def outcome(answer: Answer) -> str:
    """Answer what a client may conclude; 503 promises nothing."""
    if answer.status in (200, 201):
        return OK
    return FAILED if answer.was_refused or 400 <= answer.status < 500 else UNKNOWN


def version_of(answer: Answer) -> int:
    """Answer the version in an entity tag, ``"ID-VERSION"``."""
    return int(answer.headers["ETag"].strip('"').split("-")[1])


def shared_key(number: int) -> str:
    """Answer what a unit of all is known by: its identifier, or else its address."""
    return f"U-{number}" if number % 2 else f"{number} Main St"


def unit(key: str, name: str) -> dict[str, Any]:
    """Answer the row for a key."""
    known = {"address": {"address_line_1": key}} if key.endswith("St") else {"identifier": key}
    return {**known, "name": name}
