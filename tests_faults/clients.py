"""HTTP as plain as it is: one connection a request, no retry, and every fate told."""

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import orjson

PATIENCE = 120.0
"""Seconds that a client waits for an answer."""


@dataclass(frozen=True)
class Answer:
    """What became of a request; ``status`` 0 means that no whole answer came. Times are monotonic."""

    status: int
    began: float
    ended: float
    error: str = ""
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """Answer the decoded body."""
        return orjson.loads(self.content)

    @property
    def was_refused(self) -> bool:
        """Tell whether nobody listened, so that the request was never sent."""
        return self.error == "ConnectionRefusedError"


class Connection:
    """A client's connection to one server, made anew for each request unless ``keep``."""

    def __init__(self, port: int, token: str = "", *, keep: bool = False) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.token = token
        self.keep = keep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.http.close()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request, and answer what became of it; never raises."""
        data = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        sent = {"Content-Type": "application/json"} if data is not None else {}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if not self.keep:
            sent["Connection"] = "close"
        began = time.monotonic()
        try:
            self.http.request(method, path, data, sent | headers)
            response = self.http.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.http.close()
            return Answer(0, began, time.monotonic(), type(error).__name__)
        if not self.keep:
            self.http.close()
        found = dict(response.getheaders())
        return Answer(response.status, began, time.monotonic(), "", content, found)


def ask(port: int, path: str) -> Answer:
    """GET a path that needs no token."""
    return Connection(port).ask("GET", path)
