"""Every route with a call that succeeds, and every place in a call where somebody's record is named.

A route that is not in this table fails ``tests/accounts/test_token_matrix.py``.
"""

from typing import Any, NamedTuple

from flask import Flask

from tests.world import API, World

OPEN = {
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/docs/"),
    ("GET", "/docs/<path:path>"),
    ("POST", "/oauth/token"),
}
"""The routes that ask for no token."""

UNKNOWN_ID, UNKNOWN_REFERENCE = 987654321, "no-such-thing"


class Named(NamedTuple):
    """What a call may name: one's own, one in a group not granted, another organization's, nobody's."""

    own: Any
    ungranted: Any
    theirs: Any
    unknown: Any


class Call(NamedTuple):
    """A call of a route. ``{x}`` in ``path`` and ``X`` in ``body`` stand for the record of ``kind``.

    ``done`` is the status where it is the caller's own; ``ungranted`` and ``missing`` are status and
    error code where it may not be used, or is another organization's or nobody's. A status of 200
    there means that a list or a row says so; the code is that of the row, or empty.
    """

    method: str
    rule: str
    path: str
    kind: str = ""
    body: Any = None
    done: int = 200
    ungranted: tuple[int, str] = (404, "not_found")
    missing: tuple[int, str] = (404, "not_found")


X = object()
"""Where the record stands in a body."""

BY_REFERENCE = f"{API}/itemUnits/reference/<reference:item>/<reference:unit>"
BY_ID = f"{API}/itemUnits/<id:item_unit_id>"
GROUP = {"ungranted": (401, "no_access_to_group"), "missing": (404, "group_not_found")}
UNIT = {"ungranted": (404, "unit_not_found"), "missing": (404, "unit_not_found")}
NOTHING = {"ungranted": (200, ""), "missing": (200, "")}
ROW = {"ungranted": (200, "not_found"), "missing": (200, "not_found")}
PACK = {"quantity": 1, "isDefault": False}
ITEM = "bracelet"

CALLS = [
    Call("GET", f"{API}/groups", "/groups"),
    Call("GET", f"{API}/groups", "/groups?external_ref={x}", "group_ref", **NOTHING),
    Call("GET", f"{API}/groups/<id:group_id>", "/groups/{x}", "group_id", **GROUP),
    Call("GET", f"{API}/units", "/units"),
    Call("GET", f"{API}/units", "/units?group_id={x}", "group_id", **GROUP),
    Call("GET", f"{API}/units", "/units?group_external_ref={x}", "group_ref", **GROUP),
    Call("GET", f"{API}/units", "/units?identifier={x}", "unit_ref", **NOTHING),
    Call("GET", f"{API}/units/<id:unit_id>", "/units/{x}", "unit_id", **UNIT),
    Call("GET", f"{API}/units/address-key", "/units/address-key?address_line_1=1+Main+St"),
    Call(
        "POST", f"{API}/units/multiple", "/units/multiple", "group_id",
        {"group_id": X, "units": [{"identifier": "new"}]}, **GROUP,
    ),
    Call(
        "POST", f"{API}/units/multiple", "/units/multiple", "group_ref",
        {"group_external_ref": X, "units": [{"identifier": "new"}]}, **GROUP,
    ),
    Call(
        "POST", f"{API}/units/multiple", "/units/multiple?group_id={x}", "group_id",
        b'{"identifier":"new"}\n', **GROUP,
    ),
    Call(
        "POST", f"{API}/units/multiple", "/units/multiple?group_external_ref={x}", "group_ref",
        b'{"identifier":"new"}\n', **GROUP,
    ),
    Call("GET", f"{API}/items", "/items"),
    Call("GET", f"{API}/items/<id:item_id>", "/items/{x}", "item_id"),
    Call(
        "POST", f"{API}/items/reference/<reference:reference>", "/items/reference/new-item",
        body={"name": "New"}, done=201,
    ),
    Call(
        "POST", f"{API}/items/multiple", "/items/multiple",
        body={"items": [{"reference": "new-item", "name": "New"}]},
    ),
    Call("GET", f"{API}/itemUnits", "/itemUnits"),
    Call("GET", f"{API}/itemUnits", "/itemUnits?itemReference={x}", "item_ref", **NOTHING),
    Call("GET", f"{API}/itemUnits", "/itemUnits?unitReference={x}", "unit_ref", **NOTHING),
    Call("GET", BY_ID, "/itemUnits/{x}", "item_unit_id"),
    Call("DELETE", BY_ID, "/itemUnits/{x}", "item_unit_id", done=204),
    Call("PUT", BY_ID, "/itemUnits/{x}", "item_unit_id", {**PACK, "quantity": 7}),
    Call("PUT", BY_ID, "/itemUnits/{own}", "unit_id", {**PACK, "unitId": X}),
    Call("PUT", BY_ID, "/itemUnits/{own}", "item_id", {**PACK, "itemId": X}),
    Call(
        "PUT", BY_ID, "/itemUnits/{own}?group_id={x}", "group_id",
        {**PACK, "itemId": "eliteBook_820", "unitId": "N-1", "useExternalId": True},
    ),
    Call(
        "POST", f"{API}/itemUnits", "/itemUnits", "unit_id",
        {**PACK, "itemId": "{bracelet}", "unitId": X}, done=201,
    ),
    Call(
        "POST", f"{API}/itemUnits", "/itemUnits", "item_id",
        {**PACK, "itemId": X, "unitId": "{spare}"}, done=201,
    ),
    Call(
        "POST", f"{API}/itemUnits", "/itemUnits?group_id={x}", "group_id",
        {**PACK, "itemId": ITEM, "unitId": "N-1", "useExternalId": True}, done=201,
    ),
    Call(
        "POST", f"{API}/itemUnits", "/itemUnits?group_external_ref={x}", "group_ref",
        {**PACK, "itemId": ITEM, "unitId": "N-1", "useExternalId": True}, done=201,
    ),
    Call(
        "POST", f"{API}/itemUnits/multiple", "/itemUnits/multiple", "unit_ref",
        {"itemUnits": [{**PACK, "itemId": ITEM, "unitId": X}]}, **ROW,
    ),
    Call(
        "POST", f"{API}/itemUnits/multiple", "/itemUnits/multiple", "item_ref",
        {"itemUnits": [{**PACK, "itemId": X, "unitId": "N-1"}]}, **ROW,
    ),
    Call(
        "POST", f"{API}/itemUnits/multiple", "/itemUnits/multiple?group_id={x}", "group_id",
        {"itemUnits": [{**PACK, "itemId": ITEM, "unitId": "N-1"}]}, **ROW,
    ),
    *(
        call
        for method, body, done, item in (
            ("POST", PACK, 201, ITEM),
            ("PUT", {**PACK, "quantity": 7}, 200, "eliteBook_820"),
            ("GET", None, 200, "eliteBook_820"),
            ("DELETE", None, 204, "eliteBook_820"),
        )
        for call in (
            Call(method, BY_REFERENCE, f"/itemUnits/reference/{item}/{{x}}", "unit_ref", body, done),
            Call(method, BY_REFERENCE, "/itemUnits/reference/{x}/N-1", "item_ref", body, done),
            Call(
                method, BY_REFERENCE, f"/itemUnits/reference/{item}/N-1?group_id={{x}}",
                "group_id", body, done,
            ),
            Call(
                method, BY_REFERENCE, f"/itemUnits/reference/{item}/N-1?group_external_ref={{x}}",
                "group_ref", body, done,
            ),
        )
    ),
]  # fmt: skip


def name_of(call: Call) -> str:
    """Answer what a test with this call is called."""
    kind = "stream" if isinstance(call.body, bytes) else call.kind
    return f"{call.method} {call.path} {kind}".strip()


def rules(app: Flask) -> set[tuple[str, str]]:
    """Answer every method and rule that ``app`` serves; HEAD is its GET."""
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }


class Records:
    """A record of each kind in the group of ``entity1-sync``, in one not granted, and in entity2.

    The item-unit of one's own is eliteBook_820 in N-1; bracelet is in no unit of the group.
    """

    def __init__(self, world: World) -> None:
        one, two = world.token_for("entity1-all"), world.token_for("entity2-all")
        south, theirs = world.groups["south-tower"], world.their_groups["theirs"]
        own = [put_unit(world, one, world.group, name) for name in ("N-1", "N-2")]
        units = [own[0], put_unit(world, one, south, "S-1"), put_unit(world, two, theirs, "T-1")]
        item_units = [
            put_pack(world, token, item, unit)
            for token, item, unit in (
                (one, "eliteBook_820", "N-1"),
                (one, "bracelet", "S-1"),
                (two, "secret-item", "T-1"),
            )
        ]
        items = {row["reference"]: row["id"] for row in world.rows("items")}
        self.own, self.spare, self.bracelet = item_units[0], own[1], items["bracelet"]
        self.named = {
            "group_id": Named(world.group, south, theirs, UNKNOWN_ID),
            "group_ref": Named("north-tower", "south-tower", "theirs", UNKNOWN_REFERENCE),
            "unit_id": Named(*units, UNKNOWN_ID),
            "unit_ref": Named("N-1", "S-1", "T-1", UNKNOWN_REFERENCE),
            "item_id": Named(items["eliteBook_820"], None, items["secret-item"], UNKNOWN_ID),
            "item_ref": Named("eliteBook_820", None, "secret-item", UNKNOWN_REFERENCE),
            "item_unit_id": Named(*item_units, UNKNOWN_ID),
        }

    def request(self, call: Call, whose: str = "own") -> dict[str, Any]:
        """Answer the keyword arguments of the test client's ``open`` for a call."""
        value = getattr(self.named[call.kind], whose) if call.kind else None
        path = call.path.replace("{x}", str(value)).replace("{own}", str(self.own))
        sent: dict[str, Any] = {"path": f"{API}{path}", "method": call.method}
        if isinstance(call.body, bytes):
            return {**sent, "data": call.body, "content_type": "application/x-ndjson"}
        return sent if call.body is None else {**sent, "json": self.fill(call.body, value)}

    def fill(self, body: Any, value: Any) -> Any:
        """Answer ``body`` with ``value`` where ``X`` stands, and ids for their names."""
        if isinstance(body, dict):
            return {name: self.fill(part, value) for name, part in body.items()}
        if isinstance(body, list):
            return [self.fill(part, value) for part in body]
        ids = {"{bracelet}": self.bracelet, "{spare}": self.spare}
        return value if body is X else ids.get(body, body) if isinstance(body, str) else body


def put_unit(world: World, token: str, group: int, identifier: str) -> int:
    """Store a unit; answers its id."""
    body = {"group_id": group, "units": [{"identifier": identifier}]}
    return int(world.post("/units/multiple", body, token).json["units"][0]["id"])


def put_pack(world: World, token: str, item: str, unit: str) -> int:
    """Store an item-unit; answers its id."""
    body = {"quantity": 1, "isDefault": True}
    return int(world.upsert(body, item, unit, token=token).json["id"])
