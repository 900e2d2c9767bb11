"""What nginx must do for the service, and what it must not."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests_deploy.conftest import ITEM, Site
from tests_deploy.processes import Server, get

SLOW_CLIENTS = 30


def post(site: Site, path: str, body: Any, **headers: str) -> tuple[int, dict[str, str], Any]:
    """POST JSON (bytes as they are) through nginx; answers status, headers and what came back."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", path, data, {**site.headers, **headers})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), json.loads(text)


@contextmanager
def slow_clients(port: int, head: bytes, drop: bytes) -> Iterator[None]:
    """Have clients send ``head`` and then ``drop`` again and again, never done, and begin anew."""
    ended = threading.Event()

    def dribble() -> None:
        connection = None
        while not ended.is_set():
            try:
                if connection is None:
                    connection = socket.create_connection(("127.0.0.1", port), 5)
                    connection.sendall(head)
                connection.sendall(drop)
            except OSError:
                connection = None
            ended.wait(0.5)
        if connection is not None:
            connection.close()

    clients = [threading.Thread(target=dribble) for _ in range(SLOW_CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield
    finally:
        ended.set()
        for client in clients:
            client.join()


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"POST /api/v1.0/units/multiple HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n"),
        (
            b"POST /api/v1.0/units/multiple HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n",
            b"a",
        ),
    ],
    ids=["heads", "bodies"],
)
def test_slow_clients_keep_nobody_else_waiting(site: Site, head: bytes, drop: bytes) -> None:
    rows = {"group_external_ref": "north-tower", "units": [{"identifier": "honest"}]}
    with slow_clients(site.port, head, drop):
        time.sleep(1)  # Their heads must have arrived; more would only be more of the same.
        answers = [post(site, "/api/v1.0/units/multiple", rows)[0] for _ in range(30)]

    assert answers == [200] * 30


@pytest.mark.parametrize(
    ("reference", "in_path"), [("Piéce", "Pi%C3%A9ce"), ("a/b", "a%2Fb"), ("50%25", "50%2525")]
)
def test_a_reference_arrives_as_it_was_sent(site: Site, reference: str, in_path: str) -> None:
    rows = {"group_external_ref": "north-tower", "units": [{"identifier": reference}]}
    assert post(site, "/api/v1.0/units/multiple", rows)[0] == 200

    path = f"/api/v1.0/itemUnits/reference/{ITEM}/{in_path}"
    status, _, shown = post(site, path, {"quantity": 4, "isDefault": False})

    assert (status, shown["unitReference"]) == (201, reference)


def lines_of(site: Site, request_id: str) -> list[dict[str, Any]]:
    """Answer what the servers and nginx logged of a request, once it is there."""
    files = [server.log for server in site.servers] + [site.folder / "nginx.log"]
    deadline = time.monotonic() + 30
    found: list[dict[str, Any]] = []
    while len(found) < 2 and time.monotonic() < deadline:
        written = [line for file in files for line in file.read_text().splitlines()]
        found = [json.loads(line) for line in written if request_id in line]
    return found


def test_what_a_client_says_of_its_own_address_changes_nothing(site: Site) -> None:
    forged = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Real-IP": "6.6.6.6",
        "Forwarded": "for=6.6.6.6",
        "X-Forwarded-Proto": "gopher",
        "X-Request-ID": "forged-address-1",
    }
    get(site.port, "/api/v1.0/units", site.headers | forged)

    lines = lines_of(site, "forged-address-1")
    assert [line["remote"] for line in lines] == ["127.0.0.1", "127.0.0.1"]
    assert "6.6.6.6" not in json.dumps(lines)


def test_nor_does_it_lift_the_rate_limit(site: Site, tmp_path: Path) -> None:
    server = Server("limited", tmp_path, {**site.settings, "RATE_LIMIT": "5/hour"})
    server.start()
    try:
        forged = [site.headers | {"X-Forwarded-For": f"6.6.6.{n}"} for n in range(11)]
        statuses = [get(server.port, "/api/v1.0/groups", headers)[0] for headers in forged]
        refused = sum(number for name, number in server.metrics().items() if 'status="429"' in name)
    finally:
        server.stop()

    # Each of the two workers counts by itself: of 11 requests one gets at least 6, whoever has the last.
    assert statuses.count(429) == refused >= 1


def test_one_request_has_one_id_in_all_logs_and_no_url(site: Site) -> None:
    path = "/api/v1.0/units/address-key?address_line_1=12%20Secret%20Lane"
    get(site.port, path, site.headers | {"X-Request-ID": "trace-me-please"})

    lines = lines_of(site, "trace-me-please")
    assert len(lines) == 2
    assert lines[0]["route"] == "/api/v1.0/units/address-key"
    logs = [server.log for server in site.servers] + [site.folder / "nginx.log"]
    assert not [log for log in logs if "Secret" in log.read_text()]


def test_operators_routes_are_not_for_the_world(site: Site) -> None:
    paths = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs/")

    assert [get(site.port, path)[0] for path in paths] == [404] * 5


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/v1.0/units", {"error": {"type": "request_too_large"}}),
        ("/api/v1.0/items/multiple", {"error": "request_too_large"}),
    ],
)
def test_a_body_that_nginx_refuses_is_refused_in_the_envelope_of_its_path(
    site: Site, path: str, told: dict[str, Any]
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(17 * 2**20))
    connection.endheaders()
    answer = connection.getresponse()
    shown = json.loads(answer.read())
    connection.close()

    assert answer.status == 413
    error = shown["error"]
    assert (
        {"error": {"type": error["type"]}} if isinstance(error, dict) else {"error": error}
    ) == told


def test_without_any_server_the_answer_is_503_in_our_envelope(site: Site) -> None:
    for server in site.servers:
        server.stop()
    try:
        status, headers, shown = post(site, "/api/v1.0/units/multiple", {})
        other = post(site, "/api/v1.0/items/multiple", {})
    finally:
        for server in site.servers:
            server.start()

    assert (status, headers["Retry-After"]) == (503, "1")
    assert shown["error"]["type"] == "temporarily_unavailable"
    assert (other[0], other[2]["error"]) == (503, "temporarily_unavailable")
