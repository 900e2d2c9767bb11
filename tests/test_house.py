"""The rules of the house, held by a test. CONTRIBUTING.md says them in words."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

APP = Path(__file__).parent.parent / "app"
FILES = sorted(APP.rglob("*.py"))
RESOURCES = ("accounts", "items", "units", "item_units")
MAY_IMPORT = {
    "accounts": set(),
    "items": {"accounts"},
    "units": {"accounts"},
    "item_units": {"accounts", "items", "units"},
}
WIRING = {"__init__.py", "cli.py", "docs.py", "provisioning.py"}
"""The modules that put the resources together; no other shared module knows them."""
PURE = {
    "accounts/claims.py",
    "accounts/errors.py",
    "items/errors.py",
    "items/rules.py",
    "item_units/errors.py",
    "errors.py",
    "texts.py",
    "units/matching.py",
    "units/explaining.py",
    "units/likeness.py",
    "units/near_misses.py",
    "units/rows.py",
    *(file.relative_to(APP).as_posix() for file in (APP / "units/addresses").glob("*.py")),
    "item_units/planning.py",
    "item_units/rules.py",
    "tags.py",
    "item_units/barcodes.py",
}
PURE_MAY_IMPORT = {*sys.stdlib_module_names, "biip", "rapidfuzz", "msgspec", "app.errors"}
"""Beside themselves: the standard library, two libraries that are themselves pure functions of text, of
barcodes (biip) and of how alike two texts are (rapidfuzz), and one that makes objects fast (msgspec)."""
REQUEST_GLOBALS = {"request", "g", "current_app", "session"}
OPEN_ROUTES = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs/",
    "/docs/<path:path>",
    "/oauth/token",
}
MAX_FUNCTION, MAX_FILE = 40, 250


def name_of(file: Path) -> str:
    return file.relative_to(APP).as_posix()


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def imports(file: Path) -> Iterator[tuple[str, str]]:
    """Answer (module, name) for everything that a file imports."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def functions(file: Path) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree_of(file)) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_run_one_way(file: Path) -> None:
    own = name_of(file).split("/")[0]
    known = {
        part
        for module, _ in imports(file)
        if module.startswith("app.") and (part := module.split(".")[1]) in RESOURCES
    } - {own}
    if own in RESOURCES:
        assert known <= MAY_IMPORT[own]
    elif name_of(file) not in WIRING:
        assert not known


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_modules_know_no_flask_and_no_database(name: str) -> None:
    modules = {module for module, _ in imports(APP / name)}
    siblings = {
        f"app.{pure.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}"
        for pure in PURE
    }
    allowed = PURE_MAY_IMPORT | siblings

    assert {m for m in modules if m not in allowed and m.split(".")[0] not in allowed} == set()


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_request_globals_stay_at_the_edge(file: Path) -> None:
    used = {name for module, name in imports(file) if module == "flask"} & REQUEST_GLOBALS
    edge = {
        "docs.py",
        "payload.py",
        "error_handlers.py",
        "idempotency.py",
        "ops.py",
        "rate_limits.py",
        "telemetry.py",
        "accounts/auth.py",
    }

    assert not used or name_of(file) in edge or file.name in ("views.py", "commands.py")


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_only_the_database_module_commits(file: Path) -> None:
    calls = {
        node.func.attr
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not {"commit", "rollback"} & calls or name_of(file) == "db.py"


def test_there_is_one_commit() -> None:
    assert (APP / "db.py").read_text().count(".commit()") == 1


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_functions_and_files_stay_small(file: Path) -> None:
    long = {f.name for f in functions(file) if (f.end_lineno or 0) - f.lineno >= MAX_FUNCTION}

    assert not long
    assert len(file.read_text().splitlines()) <= MAX_FILE


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_everything_public_has_a_docstring(file: Path) -> None:
    tree = tree_of(file)
    top = [tree, *(n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef))]
    methods = [
        node
        for cls in tree.body
        if isinstance(cls, ast.ClassDef)
        for node in cls.body
        if isinstance(node, ast.FunctionDef)
    ]
    named = [node for node in top + methods if not getattr(node, "name", "").startswith("_")]

    assert [getattr(n, "name", "module") for n in named if not ast.get_docstring(n)] == []


@pytest.mark.parametrize("file", [f for f in FILES if f.name == "views.py"], ids=name_of)
def test_views_are_thin(file: Path) -> None:
    assert not [node for node in ast.walk(tree_of(file)) if isinstance(node, ast.Try)]
    assert "sqlalchemy" not in {module.split(".")[0] for module, _ in imports(file)}


def test_every_route_asks_for_a_token_or_is_listed_as_open(migrated_app: Flask) -> None:
    http = migrated_app.test_client()
    for rule in migrated_app.url_map.iter_rules():
        path = rule.rule
        for argument in rule.arguments:
            path = path.replace(f"<id:{argument}>", "1").replace(f"<reference:{argument}>", "x")
        for method in (rule.methods or set()) - {"HEAD"}:
            answer = http.open(path, method=method)
            refused = answer.status_code == 400 and b"missing_authorization" in answer.data
            assert refused is (rule.rule not in OPEN_ROUTES), rule.rule


def test_a_route_that_writes_is_a_transaction(migrated_app: Flask) -> None:
    for rule in migrated_app.url_map.iter_rules():
        writes = bool((rule.methods or set()) & {"POST", "PUT", "DELETE"})
        view = migrated_app.view_functions[rule.endpoint]
        # A stream has a transaction a chunk, so its view is none as a whole.
        if rule.rule not in ("/oauth/token", "/api/v1.0/units/multiple"):
            assert hasattr(view, "__wrapped__") is writes, rule.rule
