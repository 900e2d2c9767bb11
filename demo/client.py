"""A client of the registry, made of the standard library alone."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TIMEOUT = 60
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""It asks the server itself: a proxy in the environment knows nothing of a loopback address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Client:
    """A client with a token, talking to the server at ``url``."""

    url: str
    token: str

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Send ``body`` as JSON to ``path`` below the API's base path."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return send(f"{self.url}/api/v1.0{path}", json.dumps(body).encode(), headers)


def log_in(url: str, client_id: str, secret: str) -> Client:
    """Answer a client with a token that it got for its id and secret (RFC 6749, 4.4)."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = send(f"{url}/oauth/token", urllib.parse.urlencode(form).encode(), headers)
    return Client(url, answer.body["access_token"])


def send(url: str, data: bytes, headers: Mapping[str, str]) -> Answer:
    """Post ``data`` and answer what comes back, an error as well as a success."""
    request = urllib.request.Request(url, data, dict(headers), method="POST")
    try:
        with OPENER.open(request, timeout=TIMEOUT) as response:
            return Answer(response.status, dict(response.headers), json.load(response))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers), json.load(error))
