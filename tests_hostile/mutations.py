"""Good requests made bad, byte by byte, always in the same way for the same seed."""

import random
from collections.abc import Callable

Mutation = Callable[[random.Random, bytearray], None]

TOKENS = (
    b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80",
    b"\xe2\x80\xae", b"\xef\xbb\xbf", b"%00", b"%ff", b"%2F", b"%", b"..", b"/", b"?", b"&", b"#", b"=",
    b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b"\\ud800", b"\\u0000", b"null", b"true", b"NaN",
    b"1e999", b"-1", b"9" * 30, b"[" * 2000, b'{"a":' * 600, b"x" * 9000, b"\xcc\x96" * 20,
    b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"Expect: 100-continue\r\n",
    b"Connection: close\r\n", b"Host: x\r\n", b"Content-Encoding: gzip\r\n", b"HTTP/1.1", b"GET / ",
)  # fmt: skip


def flip(dice: random.Random, data: bytearray) -> None:
    """Turn one bit."""
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def overwrite(dice: random.Random, data: bytearray) -> None:
    """Put any byte in place of one."""
    data[dice.randrange(len(data))] = dice.randrange(256)


def insert(dice: random.Random, data: bytearray) -> None:
    """Put in what has hurt other servers."""
    at = dice.randrange(len(data) + 1)
    data[at:at] = dice.choice(TOKENS)


def cut(dice: random.Random, data: bytearray) -> None:
    """Take a few bytes out."""
    at = dice.randrange(len(data))
    del data[at : at + dice.choice((1, 1, 2, 8, 64))]


def end(dice: random.Random, data: bytearray) -> None:
    """Break off."""
    del data[dice.randrange(len(data)) :]


def repeat(dice: random.Random, data: bytearray) -> None:
    """Say a part twice."""
    at = dice.randrange(len(data))
    part = data[at : at + dice.randrange(1, 40)]
    data[at:at] = part * dice.choice((1, 1, 50))


def swap(dice: random.Random, data: bytearray) -> None:
    """Exchange two bytes."""
    one, other = dice.randrange(len(data)), dice.randrange(len(data))
    data[one], data[other] = data[other], data[one]


MUTATIONS: tuple[Mutation, ...] = (flip, overwrite, insert, insert, cut, end, repeat, swap)


def mutate(dice: random.Random, good: bytes) -> bytes:
    """Answer ``good`` with one to three mutations.

    Half of those with a body keep a head that is right, length included, so that they get past the
    server and into the application.
    """
    head, blank, body = good.partition(b"\r\n\r\n")
    if body and b"Content-Length" in head and dice.random() < 0.5:
        worse = mangle(dice, body)
        length = head.rpartition(b": ")[0] + b": %d" % len(worse)
        return length + blank + worse
    if dice.random() < 0.3:
        return mangle_line(dice, good)
    return mangle(dice, good)


def mangle(dice: random.Random, data: bytes) -> bytes:
    """Answer ``data`` with one to three mutations anywhere."""
    worse = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        if worse:
            dice.choice(MUTATIONS)(dice, worse)
    return bytes(worse)


def mangle_line(dice: random.Random, good: bytes) -> bytes:
    """Answer ``good`` with mutations of its first line only: the method, the path, the query."""
    line, rest = good[: good.index(b"\r\n")], good[good.index(b"\r\n") :]
    return mangle(dice, line) + rest
