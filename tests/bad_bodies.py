"""A hundred and more request bodies that every writing route must survive.

They are written once, with a place for a text and one for a number; a ``Shape`` says how a route's
body looks around them.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
NDJSON = "application/x-ndjson"


class Body(NamedTuple):
    """A body to send: what is wrong with it, its content type, its bytes."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True)
class Shape:
    """How a good body of a route looks, and where in it a text and a number stand.

    ``text`` and ``number`` have ``%s`` where a JSON value goes, and an unknown field or an unknown
    reference beside it, so that nothing is stored even where the value is fine.
    """

    good: bytes
    text: bytes
    number: bytes
    kind: str = JSON
    rows: str = ""

    def with_text(self, value: bytes) -> bytes:
        """Answer the body with this text, written as JSON."""
        return self.text.replace(b"%s", value)

    def with_number(self, value: bytes) -> bytes:
        """Answer the body with this number, written as JSON."""
        return self.number.replace(b"%s", value)


def bodies(shape: Shape) -> Iterator[Body]:
    """Answer the bodies for a route; none of them may store anything or cause a 500."""
    yield from no_objects(shape)
    yield from wrong_encodings(shape)
    yield from deep_ones(shape)
    yield from numbers(shape)
    yield from texts(shape)
    yield from keys(shape)
    yield from arrays(shape)


def no_objects(shape: Shape) -> Iterator[Body]:
    fine = shape.with_text(b'"nobody"')
    for name, content in {
        "empty": b"", "white space": b"  \n", "null": b"null", "true": b"true", "number": b"1",
        "string": b'"x"', "list": b"[]", "empty object": b"{}", "truncated": fine[:-3],
        "trailing garbage": fine + b"x", "two documents": fine * 2, "single quotes": b"{'a':1}",
        "trailing comma": b'{"group_id":1,}', "comment": b'{/*x*/"group_id":1}', "zeros": b"\0" * 99,
        "noise": bytes(range(256)), "a megabyte of noise": bytes(range(256)) * 4096,
        "leading zero": shape.with_number(b"01"), "hex": shape.with_number(b"0x1"),
        "plus": shape.with_number(b"+1"), "bare point": shape.with_number(b".5"),
        "underscored": shape.with_number(b"1_0"), "a word": shape.with_number(b"undefined"),
    }.items():  # fmt: skip
        yield Body(name, shape.kind, content)
    for kind in ("", "text/plain", "text/json", "application/jsonx", "*/*", ";", "application/xml"):
        yield Body(f"content type {kind}", kind, fine)
    yield Body("a form", FORM if shape.kind != FORM else JSON, fine)
    yield Body("multipart", "multipart/form-data; boundary=x", b"--x\r\n\r\n--x--")
    yield Body("multipart without end", "multipart/form-data; boundary=x", b"--x\r\n" * 999)


def wrong_encodings(shape: Shape) -> Iterator[Body]:
    fine = shape.with_text(b'"nobody"')
    yield Body("byte-order mark", shape.kind, b"\xef\xbb\xbf" + fine)
    yield Body("utf-16", shape.kind, fine.decode().encode("utf-16"))
    yield Body("utf-32", shape.kind, fine.decode().encode("utf-32"))
    yield Body("latin-1", f"{shape.kind}; charset=latin-1", shape.with_text(b'"\xe9"'))
    yield Body("gzip", shape.kind, gzip.compress(fine))
    for name, value in {
        "bad utf-8": b'"\xff\xfe"', "overlong utf-8": b'"\xc0\xaf"', "cut utf-8": b'"\xf0\x9f"',
        "utf-8 surrogate": b'"\xed\xa0\x80"', "beyond Unicode": b'"\xf4\x90\x80\x80"',
        "high surrogate": b'"\\ud800"', "low surrogate": b'"\\udc00"', "raw NUL": b'"a\0b"',
        "raw newline": b'"a\nb"', "bad escape": b'"\\x"', "short escape": b'"\\u12"',
    }.items():  # fmt: skip
        yield Body(name, shape.kind, shape.with_text(value))


def deep_ones(shape: Shape) -> Iterator[Body]:
    for depth in (40, 500, 1000, 1020):
        listed, named = b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth
        yield Body(f"list {depth} deep", shape.kind, b'{"a":' + listed + b"}")
        yield Body(f"list {depth} deep in the text's place", shape.kind, shape.with_text(listed))
        yield Body(f"object {depth} deep", shape.kind, named)
        yield Body(f"object {depth} deep in the text's place", shape.kind, shape.with_text(named))
    yield Body("list 100,000 deep", shape.kind, b"[" * 100_000 + b"]" * 100_000)
    yield Body("object 100,000 deep", shape.kind, b'{"a":' * 100_000 + b"1" + b"}" * 100_000)
    yield Body("a million open lists", shape.kind, b"[" * 1_000_000)


def numbers(shape: Shape) -> Iterator[Body]:
    for value in (
        "2147483648", "9007199254740993", "9223372036854775808", "-9223372036854775809", "9" * 4301,
        "18446744073709551615", "18446744073709551616", "9" * 400, "1e400", "-1e400", "1e-400", "1.5",
        "1.0", "1e3", "-0", "-1", "NaN", "Infinity", "-Infinity", "true", '"1_0"', '" 1 "', '"١"',
        '"-1"', '"1.0"', "[]", "{}", '"' + "9" * 5000 + '"', "0." + "1" * 5000, "1e300",
    ):  # fmt: skip
        name = f"number {value[:24]} of {len(value)}"
        yield Body(name, shape.kind, shape.with_number(value.encode()))


def texts(shape: Shape) -> Iterator[Body]:
    for name, value in {
        "NUL": '"a\\u0000b"', "line break": '"a\\r\\nSet-Cookie: x"', "escape": '"\\u001b[31m"',
        "C1": '"a\\u0085b"', "10,000 marks": '"A' + "\u0301\u0316" * 5000 + '"',
        "nine marks": '"A' + "\u0316" * 9 + '"', "256 characters": '"' + "x" * 256 + '"',
        "a megabyte": '"' + "x" * 1_000_000 + '"', "a megabyte of quotes": '"' + '\\"' * 500_000 + '"',
        "a megabyte of NUL": '"' + "\\u0000" * 170_000 + '"', "50,000 spaces": '"' + " " * 50_000 + 'x"',
        "ligatures": '"' + "\ufdfa" * 300 + '"', "sql": "\"'; drop table units;--\"",
        "format": '"%s%(x)s{0}{x}"', "template": '"{{7*7}}"', "path": '"../../etc/passwd"',
        "html": '"<script>alert(1)</script>"', "noncharacter": '"\uffff"', "astral": '"\U0001fffe"',
        "bidi": '"A\u202eB"', "zero width": '"A\u200b"', "tag letters": '"A\U000e0041"',
        "empty text": '""', "nbsp": '"\u00a0"', "a number as text": "7", "null as text": "null",
        "two dots": '".."',
    }.items():  # fmt: skip
        yield Body(name, shape.kind, shape.with_text(value.encode()))


def keys(shape: Shape) -> Iterator[Body]:
    many = b",".join(b'"k%d":1' % n for n in range(20_000))
    for name, content in {
        "duplicate key": b'{"group_id":1,"group_id":2}',
        "duplicate key, escaped": b'{"group_id":1,"group\\u005fid":2}',
        "duplicate key, spaced": b'{"group_id":1,"group_id" :2}',
        "duplicate key in the text's place": shape.with_text(b'{"a":1,"a":2}'),
        "duplicate key hidden by a colon": shape.with_text(b'{":":1,":" :"\\":"}'),
        "__proto__": shape.with_text(b'{"__proto__":{"x":1}}'),
        "unknown field": shape.good[:-1] + b',"organization_id":2}',
        "an empty key": shape.good[:-1] + b',"":2}',
        "a key of NUL": shape.good[:-1] + b',"\\u0000":2}',
        "20,000 unknown keys": b"{" + many + b"}",
        "20,000 more keys": shape.good[:-1] + b"," + many + b"}",
        "20,000 keys in the text's place": shape.with_text(b"{" + many + b"}"),
        "20,000 keys beside the text": shape.with_text(b'"A",' + many),
        "100 long keys beside the text": shape.with_text(
            b'"A",' + b",".join(b'"%d%s":1' % (n, b"\\u0001\\\\" * 500) for n in range(100))
        ),
        "an endless key": shape.good[:-1] + b',"' + b"k" * 1_000_000 + b'":1}',
        "an endless key beside the text": shape.with_text(b'"A","' + b"k" * 1_000_000 + b'":1'),
    }.items():
        yield Body(name, shape.kind, content)


def arrays(shape: Shape) -> Iterator[Body]:
    if not shape.rows:
        return
    start = shape.good[: shape.good.index(b"[")]
    for name, content in {
        "rows missing": start.rpartition(b'"%s"' % shape.rows.encode())[0].rstrip(b",") + b"}",
        "rows null": start + b"null}",
        "rows an object": start + b"{}}",
        "rows a text": start + b'"x"}',
        "rows of null": start + b"[null,null]}",
        "rows of lists": start + b"[[],[[]]]}",
        "rows of empty objects": start + b"[{},{}]}",
        "100,000 rows": start + b"[" + b",".join([b"{}"] * 100_000) + b"]}",
        "rows within rows": start + shape.good[len(start) : -1] * 2 + b"}",
        "both groups": b'{"group_external_ref":"x","group_id":1,"units":[]}',
        "both groups null": b'{"group_id":null,"group_external_ref":null,"units":[]}',
    }.items():
        yield Body(name, shape.kind, content)
