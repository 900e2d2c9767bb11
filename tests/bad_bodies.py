"""A hundred request bodies that a service must survive; written for ``POST /units/multiple``."""

import gzip
from collections.abc import Iterator

JSON = "application/json"
Body = tuple[str, str, bytes]


def bodies() -> Iterator[Body]:
    """Answer (name, content type, body); none of them may store anything or cause a 500."""
    yield from no_objects()
    yield from wrong_encodings()
    yield from deep_ones()
    yield from numbers()
    yield from texts()
    yield from envelopes()


def row(value: bytes) -> bytes:
    """Answer a body with one row whose identifier is ``value``, written as JSON, and a fault."""
    return b'{"group_external_ref":"north-tower","units":[{"identifier":' + value + b',"x":0}]}'


def group(value: bytes) -> bytes:
    """Answer a body whose group id is ``value``."""
    return b'{"group_id":' + value + b',"units":[]}'


def no_objects() -> Iterator[Body]:
    good = row(b'"A"')
    for name, body in {
        "empty": b"", "white space": b"  \n", "null": b"null", "true": b"true", "number": b"1",
        "string": b'"x"', "list": b"[]", "empty object": b"{}", "truncated": good[:-3],
        "trailing garbage": good + b"x", "two documents": good * 2, "single quotes": b"{'a':1}",
        "trailing comma": b'{"group_id":1,}', "comment": b'{/*x*/"group_id":1}',
        "leading zero": group(b"01"), "hex": group(b"0x1"), "plus": group(b"+1"),
    }.items():  # fmt: skip
        yield name, JSON, body
    for content_type in ("", "text/plain", "application/x-www-form-urlencoded", "text/json"):
        yield f"content type {content_type}", content_type, good
    yield "multipart", "multipart/form-data; boundary=x", b"--x\r\n\r\n--x--"


def wrong_encodings() -> Iterator[Body]:
    good = row(b'"A"')
    yield "byte-order mark", JSON, b"\xef\xbb\xbf" + good
    yield "utf-16", JSON, good.decode().encode("utf-16")
    yield "utf-32", JSON, good.decode().encode("utf-32")
    yield "latin-1", "application/json; charset=latin-1", row(b'"\xe9"')
    yield "gzip", JSON, gzip.compress(good)
    for name, value in {
        "bad utf-8": b'"\xff\xfe"', "overlong utf-8": b'"\xc0\xaf"',
        "utf-8 surrogate": b'"\xed\xa0\x80"',
        "high surrogate": b'"\\ud800"', "low surrogate": b'"\\udc00"', "raw NUL": b'"a\0b"',
        "raw newline": b'"a\nb"', "bad escape": b'"\\x"',
    }.items():  # fmt: skip
        yield name, JSON, row(value)


def deep_ones() -> Iterator[Body]:
    yield "list 500 deep", JSON, b'{"a":' + b"[" * 500 + b"]" * 500 + b"}"
    yield "list 1,000 deep in a row", JSON, row(b"[" * 1000 + b"]" * 1000)
    yield "list 100,000 deep", JSON, b"[" * 100_000 + b"]" * 100_000
    yield "object 100,000 deep", JSON, b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "a million open lists", JSON, b"[" * 1_000_000


def numbers() -> Iterator[Body]:
    for value in (
        "2147483648", "9007199254740993", "9223372036854775808", "-9223372036854775809", "9" * 4301,
        "9" * 400, "1e400", "-1e400", "1.5", "1.0", "-0", "NaN", "Infinity", "-Infinity", "true",
        '"1_0"', '" 1 "', '"١"', '"-1"', '"1.0"', "[]", "{}", '"' + "9" * 5000 + '"',
    ):  # fmt: skip
        yield f"group id {value[:20]} of {len(value)}", JSON, group(value.encode())
    for field in ("number_of_bedrooms", "sqft", "latitude"):
        for value in ("1e300", "-1", '"1"', "99999999999999999999", "true", "[]"):
            body = b'"A","%s":%s' % (field.encode(), value.encode())
            yield f"{field} {value}", JSON, row(body)


def texts() -> Iterator[Body]:
    for name, value in {
        "NUL": '"a\\u0000b"', "line break": '"a\\r\\nSet-Cookie: x"', "escape": '"\\u001b[31m"',
        "C1": '"a\\u0085b"', "10,000 marks": '"A' + "\u0301\u0316" * 5000 + '"',
        "256 characters": '"' + "x" * 256 + '"', "a megabyte": '"' + "x" * 1_000_000 + '"',
        "50,000 spaces": '"' + " " * 50_000 + 'x"', "ligatures": '"' + "\ufdfa" * 300 + '"',
        "sql": "\"'; drop table units;--\"", "format": '"%s%(x)s{0}{x}"', "template": '"{{7*7}}"',
        "path": '"../../etc/passwd"', "html": '"<script>alert(1)</script>"', "noncharacter": '"\uffff"',
        "bidi": '"A\u202eB"', "zero width": '"A\u200b"', "empty text": '""', "nbsp": '"\u00a0"',
    }.items():  # fmt: skip
        yield name, JSON, row(value.encode())


def envelopes() -> Iterator[Body]:
    north = b'{"group_external_ref":"north-tower",'
    for name, body in {
        "duplicate key": b'{"group_id":1,"group_id":2}',
        "duplicate key, escaped": b'{"group_id":1,"group\\u005fid":2}',
        "duplicate key, spaced": b'{"group_id":1,"group_id" :2}',
        "duplicate key in a row": row(b'"A","identifier":"B"'),
        "duplicate key hidden by a colon in a text": row(b'":","identifier" :":"'),
        "__proto__": north + b'"__proto__":{"x":1},"units":[]}',
        "unknown field": north + b'"organization_id":2,"units":[]}',
        "100,000 unknown keys": b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}",
        "100,000 unknown keys in a row": row(
            b'"A",' + b",".join(b'"k%d":1' % n for n in range(100_000))
        ),
        "an endless key": row(b'"A","' + b"k" * 100_000 + b'":1'),
        "units missing": north[:-1] + b"}",
        "units null": north + b'"units":null}',
        "units an object": north + b'"units":{}}',
        "rows of null": north + b'"units":[null]}',
        "rows of lists": north + b'"units":[[]]}',
        "rows without keys": north + b'"units":[{}]}',
        "100,000 rows": north + b'"units":[' + b",".join([b"{}"] * 100_000) + b"]}",
        "both groups": north + b'"group_id":1,"units":[]}',
        "no group": b'{"units":[]}',
        "both groups null": b'{"group_id":null,"group_external_ref":null,"units":[]}',
    }.items():
        yield name, JSON, body
