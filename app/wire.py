"""Request bodies that break off or are no HTTP: the client's fault, whatever the server makes of it."""

from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

from flask import Flask

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class SafeInput:
    """WSGI middleware: whatever the server raises while a body is read becomes an ``OSError``.

    WSGI does not say what a broken body raises. gunicorn has a family of its own for chunks of a
    wrong size; Werkzeug turns an ``OSError`` into 400.
    """

    def __init__(self, app: Wsgi) -> None:
        self.app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Serve the request with a body that can only fail in one way."""
        environ["wsgi.input"] = SafeStream(environ["wsgi.input"])
        return self.app(environ, start_response)


class SafeStream:
    """The body of a request, as WSGI hands it out."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def read(self, size: int = -1) -> bytes:
        """Answer at most ``size`` bytes; raises ``OSError``."""
        return self._take(self.stream.read, size)

    def readline(self, size: int = -1) -> bytes:
        """Answer the next line, or ``size`` bytes of it; raises ``OSError``."""
        return self._take(self.stream.readline, size)

    def readlines(self, hint: int = -1) -> list[bytes]:
        """Answer the lines that are left; raises ``OSError``."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    @staticmethod
    def _take(take: Callable[[int], bytes], size: int) -> bytes:
        try:
            return take(size)
        except Exception as error:
            raise OSError("The request body is broken.") from error


def init_app(app: Flask) -> None:
    """Put the middleware around ``app``."""
    app.wsgi_app = SafeInput(app.wsgi_app)  # type: ignore[method-assign]
