"""Paths whose parts are data: ``%2F`` in a reference is a letter of it, not a separator.

WSGI hands out the path already decoded, so ``a%2Fb`` and ``a/b`` look the same. The middleware takes
the raw target instead, and leaves exactly two escapes in place, ``%2F`` and ``%25``; the converter of
references undoes them once the path has been split. Source: CONTRACT 6.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from flask import Flask
from werkzeug.routing import BaseConverter

KEPT_ESCAPE = re.compile(r"%2[Ff]|%25|%(?![0-9A-Fa-f]{2})")
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class RawPath:
    """WSGI middleware: ``PATH_INFO`` decoded but for ``%2F`` and ``%25``."""

    def __init__(self, app: Wsgi) -> None:
        self.app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Serve the request with the path as the client spelt it."""
        environ["PATH_INFO"] = path_info(environ)
        return self.app(environ, start_response)


def path_info(environ: dict[str, Any]) -> str:
    """Answer the path to route: from the raw target where the server gives one that fits.

    A raw target that does not decode to the server's own path (a mounted application, a rewriting
    proxy) is not trusted; then a ``%`` in the decoded path is a plain letter.
    """
    decoded: str = environ.get("PATH_INFO", "")
    raw: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    raw = urlsplit(raw).path if "://" in raw else raw.partition("?")[0]
    raw = raw.removeprefix(environ.get("SCRIPT_NAME", ""))
    if unquote_to_bytes(raw.encode("latin-1", "replace")).decode("latin-1") != decoded:
        return decoded.replace("%", "%25")
    kept = KEPT_ESCAPE.sub(lambda found: "%252F" if found[0] in ("%2F", "%2f") else "%2525", raw)
    return unquote_to_bytes(kept.encode("latin-1")).decode("latin-1")


class ReferenceConverter(BaseConverter):
    """One path part that is an organization's own reference, decoded whole."""

    def to_python(self, value: str) -> str:
        """Answer the reference as the client meant it."""
        return unquote(value)


class IdConverter(BaseConverter):
    """One path part that is an id; one too large for the database simply exists nowhere."""

    regex = "[0-9]{1,25}"

    def to_python(self, value: str) -> int:
        """Answer the id."""
        return int(value)


def init_app(app: Flask) -> None:
    """Put the middleware around ``app`` and make the converters known to its routes."""
    app.url_map.converters.update({"reference": ReferenceConverter, "id": IdConverter})
    app.wsgi_app = RawPath(app.wsgi_app)  # type: ignore[method-assign]
