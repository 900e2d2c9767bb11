"""Every answer that a test gets is held against ``/openapi.json``: status, error code, body."""

from typing import Any, ClassVar

import jsonschema_rs
import orjson
from flask import Flask, Response, request

from app.docs import build_spec
from app.openapi import public_name


class Conformance:
    """Notes each answer that the description of the API does not know."""

    drifted: ClassVar[list[str]] = []
    seen: ClassVar[set[tuple[str, int, str]]] = set()
    """(operation id, status, error code) of every answer so far."""

    def __init__(self, app: Flask) -> None:
        self.spec = orjson.loads(orjson.dumps(build_spec(app)))
        self.validators: dict[tuple[str, str], Any] = {}

    @classmethod
    def take(cls) -> list[str]:
        """Answer what was noted, and forget it."""
        noted, cls.drifted = cls.drifted, []
        return noted

    def check(self, response: Response) -> Response:
        """Look at ``response`` and let it pass."""
        described = self.find_operation()
        if described is None:
            return response
        status = str(response.status_code)
        body = response.get_json() if response.is_json else None
        self.seen.add((described["operationId"], response.status_code, code_of(body)))
        if status not in described["responses"]:
            self.drifted.append(f"{described['operationId']} answers {status}: {body}")
        elif response.is_json:
            self.check_body(described, status, body)
        return response

    def find_operation(self) -> Any:
        """Answer the description of the route that was called, if it has one."""
        if request.url_rule is None:
            return None
        path = request.url_rule.rule
        for name in request.url_rule.arguments:
            for kind in ("id", "reference"):
                path = path.replace(f"<{kind}:{name}>", f"{{{public_name(name)}}}")
        return self.spec["paths"].get(path, {}).get(request.method.lower())

    def check_body(self, described: Any, status: str, body: Any) -> None:
        """Note every way in which ``body`` is not what the description says."""
        key = (described["operationId"], status)
        if key not in self.validators:
            schema = described["responses"][status]["content"]["application/json"]["schema"]
            whole = {**schema, "components": self.spec["components"]}
            self.validators[key] = jsonschema_rs.validator_for(whole, validate_formats=True)
        for error in self.validators[key].iter_errors(body):
            self.drifted.append(f"{key}: {error.message[:300]} at {error.instance_path}")


def code_of(body: Any) -> str:
    """Answer the error code in either envelope, or an empty string."""
    error = body.get("error", "") if isinstance(body, dict) else ""
    return str(error["type"] if isinstance(error, dict) else error)
