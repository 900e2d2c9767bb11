"""What a view takes and answers, said beside it: ``@operation``. ``app/docs.py`` reads it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from marshmallow import Schema

from app.errors import ApiError

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """One route in words.

    ``id`` names it in generated clients; ``description`` is Markdown; ``answer`` is the schema of its
    success, ``None`` for no body; ``errors`` are its own, beside those that every route has;
    ``failures`` are the schemas of those that say more than the envelope; ``headers`` are
    those of its success.
    """

    id: str
    summary: str
    description: str = ""
    status: int = 200
    answer: type[Schema] | None = None
    body: type[Schema] | None = None
    query: type[Schema] | None = None
    errors: tuple[type[ApiError], ...] = ()
    failures: Mapping[type[ApiError], type[Schema]] = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    """The request headers ``If-Match`` and ``If-None-Match``, where they mean something."""
    examples: Mapping[str, Any] = field(default_factory=dict)
    takes_key: bool = False
    """Whether an ``Idempotency-Key`` means something."""
    is_open: bool = False
    is_form: bool = False
    lines: str = ""
    """Where the body may also be a stream of lines (NDJSON): what comes in and what goes out."""

    @property
    def writes(self) -> bool:
        """Tell whether it changes anything: it has a body, or (a DELETE) answers with none."""
        return (self.body is not None and not self.is_form) or self.status == 204


def operation(described: Operation) -> Callable[[View], View]:
    """Say of a view what it takes and answers."""

    def attach(view: View) -> View:
        view.operation = described  # type: ignore[attr-defined]
        return view

    return attach
