"""Bytes to a socket, and the answers in the bytes that come back."""

import http.client
import io
import socket
from typing import NamedTuple

PATIENCE = 60.0
"""Seconds for one connection; a server that has nothing to wait for needs a few milliseconds."""


class Answer(NamedTuple):
    """One answer of a server."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes


class Hung(AssertionError):
    """The server neither answered nor closed."""


class Replayed:
    """What a socket gave, once more, for ``http.client`` to read."""

    def __init__(self, stream: io.BytesIO) -> None:
        self.stream = stream

    def makefile(self, *_: object) -> io.BytesIO:
        """Answer the stream; it outlives the answer that is read from it."""
        return Unclosed(self.stream)


class Unclosed(io.BytesIO):
    """A view of a stream that goes on where the one before stopped."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream.read())
        self.source = stream

    def close(self) -> None:
        """Give back what was not read."""
        if not self.closed:
            rest = self.read()
            self.source.seek(0)
            self.source.truncate()
            self.source.write(rest)
            self.source.seek(0)
        super().close()


def exchange(port: int, sent: bytes) -> bytes:
    """Answer all that the server says to ``sent``, after which we say no more; ``Hung`` if it waits."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        received = b""
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while block := connection.recv(65536):
                received += block
        except TimeoutError:
            raise Hung(sent[:2000]) from None
        except OSError:
            pass  # It closed before it had read all: nothing more will come.
        return received


def ask(port: int, sent: bytes) -> list[Answer]:
    """Answer the answers to ``sent``; none where the connection was closed."""
    return read_answers(exchange(port, sent), sent.partition(b" ")[0].decode("latin-1"))


def read_answers(received: bytes, method: str) -> list[Answer]:
    """Answer the answers in ``received``, all whole; what follows the last must be nothing."""
    stream, answers = io.BytesIO(received), []
    while len(stream.getbuffer()) > stream.tell():
        response = http.client.HTTPResponse(Replayed(stream), method=method)  # type: ignore[arg-type]
        response.begin()
        answers.append(Answer(response.status, response.headers, response.read()))
        response.close()
    return answers
