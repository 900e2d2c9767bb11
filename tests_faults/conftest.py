"""What the fault tests share: databases, and an end for every process however the run ends."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests_faults.databases import PostgreSQL, postgresql, sqlite_file
from tests_faults.registry import Registry, registry_at


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the full size of the one scenario that takes minutes."""
    parser.addoption("--full", action="store_true", help="50 rounds of everybody's 1,000 units")


def pytest_configure() -> None:
    """Let SIGTERM and SIGHUP unwind like Ctrl-C, so that every ``finally`` runs."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each scenario ten minutes: a loaded machine is slow, not wrong."""
    for item in items:
        item.add_marker(pytest.mark.timeout(600))


FIGURES: list[str] = []
"""What the scenarios have counted, a line each."""


@pytest.fixture(name="tell")
def _tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Answer a function that has a figure printed at the end of the run."""
    return lambda figure: FIGURES.append(f"{request.node.name}: {figure}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures."""
    for figure in FIGURES:
        terminalreporter.write_line(figure)


@pytest.fixture(scope="session", name="postgresql")
def _postgresql() -> Iterator[PostgreSQL]:
    """Answer a PostgreSQL that may be killed."""
    with postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"], name="engine")
def _engine(request: pytest.FixtureRequest) -> str:
    """Answer each engine in turn."""
    return str(request.param)


@pytest.fixture(name="registry")
def _registry(engine: str, request: pytest.FixtureRequest) -> Iterator[Registry]:
    """Answer a registry in an empty database of the engine."""
    is_sqlite = engine == "sqlite"
    place = sqlite_file() if is_sqlite else request.getfixturevalue("postgresql").database()
    with place as url, registry_at(url) as registry:
        yield registry


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Answer the folder of the servers' logs and orders."""
    return tmp_path
