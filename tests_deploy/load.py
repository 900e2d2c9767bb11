"""Steady load from many clients: requests are sent by the clock, whatever became of the last."""

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

CLIENTS = 24
GROUPS = tuple(f"tower-{number}" for number in range(8))
ITEMS = tuple(f"laptop-{number}" for number in range(8))
"""As many, so that clients wait for the service and not for each other's locks."""


@dataclass
class Load:
    """Requests at ``rate`` a second in all, through ``port``, until ``stop``; what became of them."""

    port: int
    headers: dict[str, str]
    rate: float
    answered: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    slowest: float = 0.0
    seconds: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def reached(self) -> float:
        """Answer the requests answered in a second."""
        return sum(self.answered.values()) / max(self.seconds, 0.001)

    def describe(self) -> str:
        """Answer a line for the person who runs the tests."""
        return (
            f"{sum(self.answered.values())} requests in {self.seconds:.0f} s, "
            f"{self.reached:.0f}/s of {self.rate:.0f}/s asked for, slowest {self.slowest:.2f} s, "
            f"{len(self.failures)} failed; by status {dict(sorted(self.answered.items()))}"
        )

    def run_client(self, number: int) -> None:
        """Send one client's share."""
        pause = CLIENTS / self.rate
        due = time.monotonic() + pause * number / CLIENTS
        connection: http.client.HTTPConnection | None = None
        for turn in itertools.count():
            if self._ended.wait(max(0.0, due - time.monotonic())):
                break
            due = max(due + pause, time.monotonic() - 5)  # What was missed for long is not made up.
            connection = self.send(connection, number, turn)
        if connection is not None:
            connection.close()

    def send(
        self, connection: http.client.HTTPConnection | None, number: int, turn: int
    ) -> http.client.HTTPConnection | None:
        """Send a request and note what became of it; answers the connection if it is still good."""
        method, path, body, names = request_for(number, turn)
        began = time.monotonic()
        try:
            # A connection that nginx closes just now would tell of the client's keep-alive, not of the
            # service, so one is used for a few requests only.
            if connection is not None and turn % 20 == 0:
                connection.close()
            if connection is None or turn % 20 == 0:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request(method, path, body, self.headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.note(f"{method} {path}: {error!r}", began)
            if connection is not None:
                connection.close()
            return None
        is_done = answer.status < 300 and b'"success":false' not in text
        failure = None if is_done else f"{method} {path}: {answer.status} {text[:200]!r}"
        self.note(failure, began, answer.status, names)
        return None if answer.will_close else connection

    def note(
        self, failure: str | None, began: float, status: int = 0, names: tuple[str, ...] = ()
    ) -> None:
        """Note one request; the rows of one that succeeded are acknowledged."""
        with self._lock:
            self.answered[status] += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
            if failure is None:
                self.acknowledged.update(names)
            else:
                self.failures.append(failure)


def request_for(number: int, turn: int) -> tuple[str, str, str | None, tuple[str, ...]]:
    """Answer method, path, body and the identifiers of units that it creates.

    In turn: a new unit, the one before and one that is found by its address; an item-unit; a look-up.
    """
    name = f"c{number}-{turn // 3}"
    if turn % 3 == 0:
        known = (f"c{number}-{max(turn // 3 - 1, 0)}", f"c{number}-0")
        rows: list[dict[str, Any]] = [{"identifier": name, "sqft": turn}]
        rows += [{"identifier": old, "sqft": turn + 1} for old in known]
        if turn % 2:
            rows.append({"address": {"address_line_1": f"{number + 1} Main Street"}, "sqft": turn})
        group = GROUPS[number % len(GROUPS)]
        body = json.dumps({"group_external_ref": group, "units": rows})
        return "POST", "/api/v1.0/units/multiple", body, (name,)
    if turn % 3 == 1:
        path = f"/api/v1.0/itemUnits/reference/{ITEMS[number % len(ITEMS)]}/{name}"
        body = json.dumps({"quantity": turn + 1, "isDefault": False})
        return "POST", path, body, ()
    return "GET", f"/api/v1.0/units?identifier={name}", None, ()


@contextmanager
def load(port: int, headers: dict[str, str], rate: float) -> Iterator[Load]:
    """Answer a load that runs as long as the block; afterwards all its requests are answered."""
    running = Load(port, headers, rate)
    clients = [
        threading.Thread(target=running.run_client, args=(number,)) for number in range(CLIENTS)
    ]
    began = time.monotonic()
    for client in clients:
        client.start()
    try:
        yield running
    finally:
        running._ended.set()
        for client in clients:
            client.join()
        running.seconds = time.monotonic() - began
