"""Requests that two servers may understand differently (request smuggling): at most one for us.

Each has a second request hidden in it, whose path the log would show.
"""

import pytest

from tests.world import API
from tests_hostile.server import Server
from tests_hostile.wire import Answer, ask

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LENGTH = b"%d" % len(HIDDEN)
CHUNK = b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)

REFUSED = {
    "CL.TE": (
        b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % (5 + len(HIDDEN)),
        b"0\r\n\r\n" + HIDDEN,
    ),
    "TE.CL": (b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", CHUNK),
    "TE.TE": (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", CHUNK),
    "TE twice": (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNK),
    "TE list": (b"Transfer-Encoding: identity, chunked, identity\r\n", CHUNK),
    "TE unknown": (b"Transfer-Encoding: xchunked\r\n", CHUNK),
    "TE with a tab": (b"Transfer-Encoding: chunked\x0b\r\n", CHUNK),
    "TE in quotes": (b'Transfer-Encoding: "chunked"\r\n', CHUNK),
    "TE with a space before the colon": (b"Transfer-Encoding : chunked\r\n", CHUNK),
    "TE with an underscore": (b"Content-Length: 0\r\nTransfer_Encoding: chunked\r\n", HIDDEN),
    "TE folded": (b"Transfer-Encoding:\r\n chunked\r\n", CHUNK),
    "two lengths": (b"Content-Length: 0\r\nContent-Length: " + LENGTH + b"\r\n", HIDDEN),
    "the same length twice": (b"Content-Length: 0\r\nContent-Length: 0\r\n", HIDDEN),
    "a list of lengths": (b"Content-Length: 0, " + LENGTH + b"\r\n", HIDDEN),
    "length +0": (b"Content-Length: +0\r\n", HIDDEN),
    "length -1": (b"Content-Length: -1\r\n", HIDDEN),
    "length 0x0": (b"Content-Length: 0x0\r\n", HIDDEN),
    "length 0_0": (b"Content-Length: 0_0\r\n", HIDDEN),
    "length empty": (b"Content-Length:\r\n", HIDDEN),
    "length in Arabic digits": ("Content-Length: ٠\r\n".encode(), HIDDEN),
    "length with a space before the colon": (b"Content-Length : 0\r\n", HIDDEN),
    "length folded": (b"Content-Length: 0\r\n 0\r\n", HIDDEN),
    "bare LF": (b"Content-Length: 0\nX: y\r\n", HIDDEN),
    "bare CR": (b"Content-Length: 0\rX: y\r\n", HIDDEN),
    "NUL in a header": (b"Content-Length: 0\r\nX: a\0b\r\n", HIDDEN),
    "a header without a colon": (b"Content-Length: 0\r\nX\r\n", HIDDEN),
    "a header without a name": (b"Content-Length: 0\r\n: x\r\n", HIDDEN),
    "a header that begins with a space": (b" X: y\r\nContent-Length: 0\r\n", HIDDEN),
    "two hosts": (b"Content-Length: 0\r\nHost: other\r\n", HIDDEN),
    "a header for SCRIPT_NAME": (b"Content-Length: 0\r\nSCRIPT_NAME: /hidden\r\n", b""),
    "a header for PATH_INFO": (b"Content-Length: 0\r\nPATH_INFO: /hidden\r\n", b""),
    "200 headers": (b"Content-Length: 0\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(200)), HIDDEN),
    "a header of 100 kB": (b"Content-Length: 0\r\nX: " + b"y" * 100_000 + b"\r\n", HIDDEN),
    "chunk of a negative size": (b"Transfer-Encoding: chunked\r\n", b"-1\r\n" + HIDDEN),
    "chunk of 0x size": (b"Transfer-Encoding: chunked\r\n", b"0x0\r\n\r\n" + HIDDEN),
    "chunk of a huge size": (b"Transfer-Encoding: chunked\r\n", b"f" * 17 + b"\r\n" + HIDDEN),
    "chunk that ends wrongly": (b"Transfer-Encoding: chunked\r\n", b"1\r\naXX0\r\n\r\n" + HIDDEN),
    "chunk with bare LF": (b"Transfer-Encoding: chunked\r\n", b"0\n\n" + HIDDEN),
    "chunk extension with bare LF": (b"Transfer-Encoding: chunked\r\n", b"0;\n\r\n\r\n" + HIDDEN),
    "chunks without an end": (b"Transfer-Encoding: chunked\r\n", b"1\r\na\r\n"),
}  # fmt: skip
"""Headers and what follows them."""


def send(server: Server, headers: bytes, rest: bytes, target: bytes = b"") -> list[Answer]:
    """Send a request for a bulk upsert with these headers and whatever follows."""
    token = server.world.token.encode()
    start = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n" % (
        target or f"{API}/units/multiple".encode()
    )
    known = b"Authorization: Bearer %s\r\nContent-Type: application/json\r\n" % token
    return ask(server.port, start + known + headers + b"\r\n" + rest)


@pytest.mark.parametrize(("headers", "rest"), REFUSED.values(), ids=REFUSED)
def test_an_ambiguous_request_is_one_refused_request(
    server: Server, headers: bytes, rest: bytes
) -> None:
    before, hidden = server.world.everything(), server.logged().count("/hidden")
    answers = send(server, headers, rest)

    assert [a.status for a in answers if not 400 <= a.status <= 431 and a.status != 501] == []
    assert len(answers) <= 1
    assert server.logged().count("/hidden") == hidden
    assert server.world.everything() == before


TARGETS = {
    "absolute, of another host": b"http://evil.example/api/v1.0/units/multiple",
    "absolute, of no scheme": b"//evil.example/api/v1.0/units/multiple",
    "absolute, of a file": b"file:///etc/passwd",
    "authority": b"evil.example:443",
    "asterisk": b"*",
    "no slash": b"api/v1.0/units/multiple",
    "a fragment": b"/api/v1.0/units/multiple#x",
    "a backslash": b"\\api\\v1.0\\units\\multiple",
    "dots": b"/api/v1.0/units/../units/multiple",
    "encoded dots": b"/api/v1.0/units/%2e%2e/units/multiple",
    "encoded slash": b"/api/v1.0/units%2Fmultiple",
    "a matrix parameter": b"/api/v1.0/units/multiple;x=1",
    "an IPv6 host that is none": b"http://[::1/api/v1.0/units/multiple",
    "a port that is none": b"http://x:port/api/v1.0/units/multiple",
    "a query of 3 kB": b"/api/v1.0/units/multiple?" + b"a=1&" * 750,
    "a query of escapes": b"/api/v1.0/units/multiple?%ff=%00&%=%zz&&==&dry_run=%E2%80%AE",
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_an_odd_target_is_refused_or_taken_for_its_path(server: Server, target: bytes) -> None:
    before = server.world.everything()
    body = b'{"group_external_ref":"nowhere","units":[]}'

    answers = send(server, b"Content-Length: %d\r\n" % len(body), body, target)

    assert [answer.status for answer in answers if not 400 <= answer.status <= 431] == []
    assert len(answers) <= 1
    assert server.world.everything() == before


HEADERS = {
    "a token of 8 kB": b"Authorization: Bearer " + b"x" * 8000,
    "a token of obs-text": b"Authorization: Bearer \xff\xfe.\x80.\xc3\x28",
    "a token of dots": b"Authorization: Bearer " + b"." * 4000,
    "two tokens": b"Authorization: Bearer a\r\nAuthorization: Bearer b",
    "Basic that is no base64": b"Authorization: Basic \xff\xfe==",
    "Digest": b'Authorization: Digest username="\\", realm="',
    "an id with a line break": b"X-Request-ID: a%0d%0aSet-Cookie: x",
    "a key of obs-text": b"Idempotency-Key: " + b"\xff" * 255,
    "a key of 8 kB": b"Idempotency-Key: " + b"k" * 8000,
    "an expectation": b"Expect: the-moon",
    "a range": b"Range: bytes=0-0,1-1,2-2,-99999999999999999999",
    "an upgrade": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA",
    "a method override": b"X-HTTP-Method-Override: DELETE",
    "forwarded": b"X-Forwarded-For: \xff, 1.2.3.4\r\nX-Forwarded-Proto: ftp\r\nForwarded: for=x;;",
    "a cookie": b"Cookie: " + b"a=b; " * 1500,
    "tags": b'If-None-Match: W/"' + b'"' * 4000 + b"\r\nIf-Match: " + b'"a",' * 1500,
    "languages": b"Accept: " + b"*/*;q=0." * 900 + b"\r\nAccept-Language: " + b"x;q=" * 1500,
    "a date": b"If-Modified-Since: Sun, 99 Foo 99999 99:99:99 GMT",
    "a content type": b"Content-Type: application/json; charset=" + b'"\\' * 3000,
    "99 headers": b"\r\n".join(b"X%d: y" % n for n in range(95)),
}


@pytest.mark.parametrize("path", [b"/api/v1.0/groups", b"/api/v1.0/units/1", b"/oauth/token"])
@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_no_header_breaks_a_route(server: Server, header: bytes, path: bytes) -> None:
    token = b"Authorization: Bearer %s\r\n" % server.world.token.encode()
    for method in (b"GET", b"POST"):
        for more in (b"", token):
            start = method + b" " + path + b" HTTP/1.1\r\nHost: x\r\n" + more + header
            answers = ask(server.port, start + b"\r\n\r\n")

            assert [answer.status for answer in answers if answer.status >= 500] == []
            assert len(answers) == 1
            assert "Set-Cookie" not in answers[0].headers
            assert len(answers[0].content) < 64 * 1024
