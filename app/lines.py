"""Reading a body line by line: of any length, in little memory, gzip accepted.

A line may have 256 KiB; a longer one is passed over and told as such. A gzip body is expanded no faster
than it is read, and refused when it expands out of all proportion.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import IO

from werkzeug.exceptions import HTTPException

BLOCK = 64 * 1024
MAX_LINE = 256 * 1024
MAX_RATIO = 200
RATIO_FREE = 2**20
"""Bytes of expanded text before the ratio counts: small bodies of blanks are no attack."""


class BrokenBody(Exception):
    """The body ends before it should, is no gzip, or expands too far; the text says which."""


def read_blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Answer the body as it comes in."""
    try:
        while block := stream.read(BLOCK):
            yield block
    except (OSError, HTTPException) as error:
        raise BrokenBody("The request body ended before it should.") from error


def expand(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Answer the expanded text of a gzip body, at most ``BLOCK`` bytes at a time."""
    taken = given = 0
    expander = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for block in blocks:
            taken += len(block)
            while block:
                if expander.eof:  # The next of several members.
                    expander = zlib.decompressobj(zlib.MAX_WBITS | 16)
                text = expander.decompress(block, BLOCK)
                given += len(text)
                if given > RATIO_FREE + MAX_RATIO * taken:
                    raise BrokenBody("The request body expands out of all proportion.")
                yield text
                block = expander.unused_data if expander.eof else expander.unconsumed_tail
    except zlib.error:
        raise BrokenBody("The request body is not valid gzip.") from None
    if taken and not expander.eof:
        raise BrokenBody("The request body ended before it should.")


def split_lines(blocks: Iterable[bytes]) -> Iterator[bytes | None]:
    """Answer the lines that are not blank, without their ends; None for one that is too long."""
    rest, too_long = b"", False
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            if too_long or len(line) > MAX_LINE:
                yield None
            elif line.strip():
                yield line
            too_long = False
        if len(rest) > MAX_LINE:
            rest, too_long = b"", True
    if too_long:
        yield None
    elif rest.strip():
        yield rest
