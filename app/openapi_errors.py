"""What goes wrong, in the words of OpenAPI 3.1: the envelopes, and the codes of each status."""

from collections.abc import Iterable, Sequence
from typing import Any

from marshmallow import fields

from app.errors import ITEM_PREFIXES, ApiError, body_for
from app.fields import StrictSchema
from app.operations import Operation


class ErrorDetail(StrictSchema):
    """What went wrong: ``type`` for machines, ``message`` for people."""

    type = fields.String(required=True)
    message = fields.String(required=True)


class UnitsError(StrictSchema):
    """An error of the units, groups and health routes."""

    error = fields.Nested(ErrorDetail, required=True)


class ItemUnitsError(StrictSchema):
    """An error of the item, item-unit and token routes: a code, and a text for people."""

    error = fields.String(required=True)
    error_description = fields.String(required=True)


ENVELOPES = {schema.__name__: schema for schema in (UnitsError, ItemUnitsError)}


def describe_failures(
    described: Operation, path: str, errors: Iterable[type[ApiError]]
) -> dict[str, Any]:
    """Answer the failures of an operation by status, each with its codes and what they mean."""
    by_status: dict[int, list[type[ApiError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    answers = {
        str(status): {
            "description": _explain(of_status),
            "content": {"application/json": _failure(described, path, of_status)},
        }
        for status, of_status in sorted(by_status.items())
    }
    if "If-None-Match" in described.conditions and described.status == 200:
        answers["304"] = {"description": "Nothing changed since the state in If-None-Match."}
    return answers


def _explain(errors: Iterable[type[ApiError]]) -> str:
    """Answer a Markdown list of the codes, each with the first sentence of its class's docstring."""
    causes: dict[str, list[str]] = {}
    for error in errors:
        if (cause := _cause(error)) not in causes.setdefault(error.type, []):
            causes[error.type].append(cause)
    return "\n".join(f"- `{code}`: {' '.join(texts)}" for code, texts in causes.items())


def _cause(error: type[ApiError]) -> str:
    """Answer the first line of the class's docstring, without its source: what the error means."""
    return (error.__doc__ or "").split("\n")[0].split(" Source:")[0].replace("``", "`").strip()


def _failure(described: Operation, path: str, errors: Sequence[type[ApiError]]) -> dict[str, Any]:
    """Answer a failure: an envelope that all share, narrowed to these codes, and one of each."""
    plain = [error for error in errors if error not in described.failures]
    shown = [
        _narrowed(described.failures[error].__name__, path, [error])
        for error in errors
        if error in described.failures
    ]
    if plain:
        envelope = ItemUnitsError if path.startswith(ITEM_PREFIXES) else UnitsError
        shown.append(_narrowed(envelope.__name__, path, plain))
    texts = {error.type: error.message or _cause(error) for error in plain}
    examples = {code: {"value": body_for(path, code, text)} for code, text in texts.items()}
    schema = shown[0] if len(shown) == 1 else {"anyOf": shown}
    return {"schema": schema, **({"examples": examples} if examples else {})}


def _narrowed(name: str, path: str, errors: Sequence[type[ApiError]]) -> dict[str, Any]:
    """Answer the schema with this name, narrowed to the codes of ``errors``."""
    codes = {"enum": sorted({error.type for error in errors})}
    narrowed = codes if path.startswith(ITEM_PREFIXES) else {"properties": {"type": codes}}
    return {"$ref": f"#/components/schemas/{name}", "properties": {"error": narrowed}}
