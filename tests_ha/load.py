"""Writers through the API, and what each of them was told."""

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import pairwise
from urllib.parse import urlsplit

ROWS = 5
"""Units a request."""
PATIENCE = 45.0
"""Seconds that a writer waits for an answer; longer than any outage that is allowed."""
UNITS = "/api/v1.0/units"


@dataclass
class Load:
    """Writers that create units with identifiers of their own until they are told to stop.

    ``acknowledged`` has the identifiers whose writing was answered with 200, ``unknown`` those whose
    request was answered otherwise or not at all, ``answered_at`` the moments of the 200s (seconds).
    """

    url: str
    token: str
    group: str
    writers: int = 4
    acknowledged: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    answered_at: list[float] = field(default_factory=list)
    probes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        self.threads = [
            threading.Thread(target=self.write, args=(uuid.uuid4().hex[:8],))
            for _ in range(self.writers)
        ]
        self.threads.append(threading.Thread(target=self.probe))

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let every writer finish the request that it is at."""
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def write(self, name: str) -> None:
        """Create units, request after request; a refused one is not sent again."""
        sent = 0
        while not self.stopped.is_set():
            identifiers = [f"{name}-{sent + offset}" for offset in range(ROWS)]
            sent += ROWS
            body = {
                "group_external_ref": self.group,
                "units": [{"identifier": identifier} for identifier in identifiers],
            }
            told = self.ask("POST", f"{UNITS}/multiple", json.dumps(body), PATIENCE)
            with self.lock:
                self.answers[told] += 1
                if told == "200":
                    self.acknowledged.update(identifiers)
                    self.answered_at.append(time.monotonic())
                else:
                    self.unknown.update(identifiers)
            if told != "200":
                self.stopped.wait(0.2)

    def probe(self) -> None:
        """Ask the probes as a load balancer does, twice a second."""
        while not self.stopped.wait(0.5):
            for path in ("/healthz", "/readyz"):
                self.probes[f"{path} {self.ask('GET', path, None, 10)}"] += 1

    def ask(self, method: str, path: str, body: str | None, patience: float) -> str:
        """Answer the status of a request as text, with a note if a 503 does not say when to retry."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=patience)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()
        if response.status == HTTPStatus.SERVICE_UNAVAILABLE and not response.getheader(
            "Retry-After"
        ):
            return "503 without Retry-After"
        return str(response.status)

    def count(self) -> int:
        """Answer how many requests were acknowledged so far."""
        with self.lock:
            return len(self.answered_at)

    def longest_gap(self) -> float:
        """Answer the longest time between two acknowledged requests, in seconds."""
        moments = sorted(self.answered_at)
        return max((b - a for a, b in pairwise(moments)), default=0.0)


def read_identifiers(load: Load) -> list[str]:
    """Answer the identifier of every stored unit, page by page through the API."""
    found: list[str] = []
    cursor = ""
    while True:
        path = f"{UNITS}?group_external_ref={load.group}&limit=500{cursor}"
        connection = http.client.HTTPConnection(urlsplit(load.url).netloc, timeout=PATIENCE)
        connection.request("GET", path, headers={"Authorization": f"Bearer {load.token}"})
        response = connection.getresponse()
        page = json.loads(response.read())
        connection.close()
        assert response.status == HTTPStatus.OK, page
        found += [unit["identifier"] for unit in page["units"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"
