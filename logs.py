"""How log lines look: one JSON object a line for machines, or coloured text for a person.

Used by ``gunicorn.conf.py`` before the application is loaded, so it must not import it: a server that is
told to reload (SIGHUP) loads the application's code anew in its workers, but not what stands here.
"""

import re
import traceback
from collections.abc import Iterator
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
UP_TO_QUOTE = re.compile(r"Invalid request from ip=\S+ [^'\"]*|Error handling request")
"""What gunicorn says before it quotes a client: a header may hold a token, a URL an address."""


def log_config(form: str, level: str) -> dict[str, Any]:
    """Answer the configuration of all loggers, as ``logging.config.dictConfig`` takes it.

    ``form`` is ``json`` or ``text``; ``level`` is the least that is told, as ``INFO``.
    Raises ``ValueError`` for another form. Ours: docs/decisions.md.
    """
    forms = {"json": JSON_LINE, "text": READABLE}
    if form not in forms:
        raise ValueError(f"LOG_FORMAT: must be one of {', '.join(forms)}")
    line = {
        "()": "structlog.stdlib.ProcessorFormatter",
        "processors": forms[form],
        "foreign_pre_chain": SHARED,
    }
    # gunicorn's own access log is off: the application tells each request, by its route.
    own = {"handlers": [], "propagate": True, "level": level}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {"app": own, "gunicorn.error": own},
    }


def hide_quotes(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Leave out what gunicorn quotes of a request, and keep that it happened."""
    if said := UP_TO_QUOTE.match(str(event["event"])):
        event["event"] = said[0].rstrip()
    return event


def add_trace(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Say where an exception came from, never what it says: its text may quote a body or an address."""
    raised = event.pop("exc_info", None)
    if isinstance(raised, tuple) and raised[1] is not None:
        event["trace"] = list(trace(raised[1]))
    return event


def trace(error: BaseException) -> Iterator[str]:
    """Answer the error's type, with the SQLSTATE if it has one, and its lines of code, innermost last.

    What it was raised from comes first.
    """
    before = error.__cause__ or error.__context__
    if before is not None and before is not error:
        yield from trace(before)
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    yield f"{type(error).__name__}{f' (SQLSTATE {state})' if state else ''}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} {frame.name}"


JSON_LINE: list[Processor] = [
    add_trace,
    hide_quotes,
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    # The standard library's writer escapes line breaks, ESC and all that is not ASCII.
    structlog.processors.JSONRenderer(sort_keys=False),
]
READABLE: list[Processor] = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    structlog.dev.ConsoleRenderer(pad_event_to=8),
]
