"""``/openapi.json`` fuzzed by schemathesis on both engines: every answer is as described.

``schemathesis.toml`` says how much and with which checks, ``fuzzing.py`` what no schema can say. A
registry with a few records is there for each operation, and each must have succeeded at least once.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig

from app import create_app
from app.payload import NDJSON
from tests.fixtures import config_for
from tests_api.fuzzing import CURSORS, LINES, aim, check_rows, excluded_checks
from tests_api.registry import Registry


class Live:
    """The application that is being fuzzed: requests are made up before an engine is there."""

    def __init__(self) -> None:
        self.app: Any = create_app(config_for("sqlite://"))

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer all of it and close it, as a server does."""
        with closing(self.app(environ, start)) as answer:
            return [b"".join(answer)]


live = Live()
schemathesis.openapi.format("cursor", CURSORS)
schemathesis.openapi.media_type(NDJSON, LINES)
config = SchemathesisConfig.from_path(Path(__file__).with_name("schemathesis.toml"))
schema = schemathesis.openapi.from_wsgi("/openapi.json", live, config=config)


@pytest.fixture(name="seen")
def _seen(request: pytest.FixtureRequest) -> Iterator[Counter[int]]:
    """Count the answers of an operation by status: fuzzing that never succeeds shows little."""
    seen: Counter[int] = Counter()
    yield seen
    assert sum(seen[status] for status in (200, 201, 204)) >= 1, (request.node.name, seen)


@schema.parametrize()
def test_every_answer_is_as_described(
    case: schemathesis.Case, registry: Registry, seen: Counter[int]
) -> None:
    live.app = registry.app
    aim(case)
    if case.operation.method != "get" and "/itemUnits" in case.operation.path:
        registry.renew()
    is_open = case.operation.definition.raw["security"] == []

    answer = case.call(headers={} if is_open else registry.headers())

    seen[answer.status_code] += 1
    is_json = answer.headers.get("content-type") == ["application/json"]
    body = answer.json() if is_json else None
    case.validate_response(answer, excluded_checks=excluded_checks(case, body))
    check_rows(case, body)


@pytest.mark.parametrize("operation", [one.ok() for one in schema.get_all_operations()], ids=str)
def test_every_operation_wants_a_token(operation: Any, registry: Registry) -> None:
    raw = operation.definition.raw
    if raw["security"] == []:
        return
    path = operation.path
    for name in ("id", "itemId", "unitId", "reference"):
        path = path.replace(f"{{{name}}}", "1")

    def code(**headers: str) -> tuple[int, str]:
        answer = registry.world.http.open(path, method=operation.method, headers=headers)
        error = answer.json["error"]
        return answer.status_code, error["type"] if isinstance(error, dict) else error

    assert code() == (400, "missing_authorization")
    assert code(Authorization="Bearer nonsense") == (401, "invalid_authorization")
