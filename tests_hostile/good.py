"""Some thirty good requests, as bytes: what the mutations start from."""

import base64
import json
from typing import Any

from tests.world import API, World

HOST = b"Host: 127.0.0.1\r\n"


def request(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    """Answer a request; one with a body says how long it is."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def requests(world: World) -> list[bytes]:
    """Answer good requests to every route; those that name records are right for ``world``."""
    token = f"Authorization: Bearer {world.token}"

    def get(path: str) -> bytes:
        return request("GET", API + path, b"", token, "User-Agent: good/1.0", "Accept: */*")

    def send(method: str, path: str, body: Any, *headers: str) -> bytes:
        kind = "Content-Type: application/json"
        return request(method, API + path, json.dumps(body).encode(), token, kind, *headers)

    return [
        *(request("GET", path) for path in ("/healthz", "/readyz", "/docs/")),
        *map(get, reads()),
        *(send("POST", *posted) for posted in writes(world)),
        send("PUT", "/itemUnits/reference/bracelet/PACKET", {"quantity": 4}, 'If-Match: "x"'),
        send("POST", "/items/multiple", {"items": []}, "Idempotency-Key: again"),
        send("POST", "/items/reference/keyed", {"name": "Keyed"}, "Idempotency-Key: once"),
        send("PUT", "/itemUnits/1", {"quantity": 4, "barcode": "]C10109501101530003"}),
        request("DELETE", f"{API}/itemUnits/999", b"", token),
        *tokens(),
        *streams(world, token),
    ]


def reads() -> list[str]:
    """Answer paths that are read."""
    return [
        "/units?group_external_ref=north-tower&limit=3",
        "/units?identifier=PACKET&updated_since=2016-08-24T09:17:24Z",
        "/units/1",
        "/units/address-key?address_line_1=12+Main+St&city=Springfield",
        "/groups?limit=1",
        "/items?reference=bracelet&max=2&offset=0",
        "/itemUnits?itemReference=bracelet&isDefault=true",
        "/itemUnits/reference/bracelet/Pi%C3%A9ce",
    ]


def writes(world: World) -> list[tuple[str, Any]]:
    """Answer paths and bodies that are posted."""
    address = {"address_line_1": "12 Main St", "city": "Springfield", "latitude": 52.5}
    row = {"identifier": "A-1", "name": "Piéce", "sqft": 640, "bathrooms": [{"has_sink": True}]}
    pair = {"quantity": 4, "isDefault": True, "expirationDate": "2016-08-31", "weight": 16.5}
    return [
        ("/units/multiple", {"group_id": world.group, "units": [{**row, "address": address}, row]}),
        ("/units/multiple?dry_run=true&explain=true", {"group_id": world.group, "units": [row]}),
        ("/units/multiple?atomic=true", {"group_external_ref": "north-tower", "units": [row]}),
        ("/itemUnits/reference/bracelet/PACKET?default=transfer", pair),
        ("/itemUnits/reference/eliteBook_820/Pi%C3%A9ce", pair),
        ("/itemUnits", {"itemId": 1, "unitId": 1, **pair}),
        ("/itemUnits", {"itemId": "bracelet", "unitId": "B", "useExternalId": True, **pair}),
        (
            "/itemUnits/multiple",
            {"itemUnits": [{"itemId": "bracelet", "unitId": "PACKET", **pair}]},
        ),
        ("/items/reference/new%2Fitem", {"name": "New"}),
        ("/items/multiple", {"items": [{"reference": "one", "name": "One"}, {"reference": "two"}]}),
    ]


def tokens() -> list[bytes]:
    """Answer requests for a token."""
    form = b"grant_type=client_credentials&client_id=entity1-sync&client_secret=no-secret-of-ours"
    kind = "Content-Type: application/x-www-form-urlencoded"
    basic = base64.b64encode(b"entity1-sync:no-secret-of-ours").decode()
    return [
        request("POST", "/oauth/token", form, kind),
        request("POST", "/oauth/token", form[:29], kind, f"Authorization: Basic {basic}"),
    ]


def streams(world: World, token: str) -> list[bytes]:
    """Answer requests with lines, one of them in chunks."""
    path = f"{API}/units/multiple?group_id={world.group}"
    kind = "Content-Type: application/x-ndjson"
    lines = b'{"identifier":"L-1"}\n{"identifier":"L-2","sqft":3}\n'
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(lines), lines)
    head = request("POST", path, b"", token, kind, "Transfer-Encoding: chunked")
    return [request("POST", path, lines, token, kind), head + chunked]
