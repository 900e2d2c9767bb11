"""Hostile references in the path, as a server hands them on: data where they can be, else 404."""

import json
from urllib.parse import quote

import pytest

from tests.world import API
from tests_hostile.good import request
from tests_hostile.server import Server
from tests_hostile.wire import Answer, ask

BODY = b'{"quantity":1,"isDefault":true}'

DATA = {
    "Pi%C3%A9ce": "Piéce", "Pie%CC%81ce": "Piéce", "pi%c3%a9ce".replace("p", "P"): "Piéce",
    "A%2FB": "A/B", "A%2fB": "A/B", "A%5CB": "A\\B", "A\\B": "A\\B", "A+B": "A+B", "A%2BB": "A+B",
    "A;B": "A;B", "A%3BB": "A;B", "A%25B": "A%B", "A%B": "A%B", "A%252FB": "A%2FB", "A%20B": "A B",
    "%41%2E%42".replace("%41", "a").replace("%42", "b"): "a.b", "%20PACKET%20": "PACKET",
    "PACKET%C2%A0": "PACKET",
}  # fmt: skip
"""How a reference may be spelt in a path, and the unit that it names."""

NOBODY = (
    "..", "%2e%2e", "%2E", ".", "%00", "PACKET%00", "%ff", "%C3", "%c0%af", "%ed%a0%80", "%f4%90%80%80",
    "%", "%2", "%zz", "%u0041", "PACKET%0A", "%0d%0aX-Injected:%201", "%1b[31m", "PACKET%E2%80%8B",
    "%E2%80%AEPACKET", "PACKET%EF%BF%BE", "a" * 300, "%61" * 1000, "'%20or%201=1--", "{{7*7}}", "$(id)",
    "PACKET;x=1", "PACKET+", "%252e%252e", "..%2f..%2fetc%2fpasswd", "..%5c..", "A%2F%2FB", "A/B",
    "A//B", "", "%20", "packet", "%F0%9F%98%80", "PACKET%CC%96" + "%CC%96" * 9,
)  # fmt: skip
"""Path parts that name no unit."""

BROKEN = ("PACKET\x00", "PACKET \t", "PAC KET", "Piéce", "a" * 8192, "PACKET\x7f", "PACKET\x1b[31m")
"""What is no HTTP request line at all, or too long for one."""


def upsert(server: Server, item: str, unit: str) -> list[Answer]:
    """Post a good body to the pair that the path names, spelt just so."""
    headers = (f"Authorization: Bearer {server.world.token}", "Content-Type: application/json")
    path = f"{API}/itemUnits/reference/{item}/{unit}?default=transfer"
    return ask(server.port, request("POST", path, BODY, *headers))


@pytest.mark.parametrize(("spelt", "reference"), DATA.items())
def test_a_reference_is_data_however_it_is_spelt(
    server: Server, spelt: str, reference: str
) -> None:
    world = server.world
    world.post(f"/items/reference/{quote(reference, safe='')}", {"name": "N"})

    [answer] = upsert(server, quote(reference, safe=""), spelt)
    assert answer.status == 201, answer
    assert json.loads(answer.content)["unitReference"] == reference
    [answer] = upsert(server, spelt, "PACKET")
    assert answer.status == 201, answer
    assert json.loads(answer.content)["itemReference"] == reference


@pytest.mark.parametrize("spelt", NOBODY, ids=lambda spelt: ascii(spelt[:30]))
def test_what_is_nobodys_reference_is_not_found(server: Server, spelt: str) -> None:
    before = server.world.everything()
    for pair in ((spelt, "PACKET"), ("bracelet", spelt)):
        [answer] = upsert(server, *pair)

        assert answer.status == 404, (pair, answer)
        assert set(json.loads(answer.content)) == {"error", "error_description"}
        assert len(answer.content) < 2048
        assert "X-Injected" not in answer.headers
    assert server.world.everything() == before


@pytest.mark.parametrize("spelt", BROKEN, ids=lambda spelt: ascii(spelt[:30]))
def test_what_is_no_request_line_is_refused(server: Server, spelt: str) -> None:
    before = server.world.everything()

    assert [answer.status for answer in upsert(server, "bracelet", spelt)] in ([400], [414], [])
    assert server.world.everything() == before
