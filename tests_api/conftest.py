"""The registry that the tests of this folder call."""

import pytest
from flask import Flask

from tests_api.registry import Registry


@pytest.fixture(name="registry")
def _registry(app: Flask) -> Registry:
    """Answer a registry with known ids, on each engine in turn."""
    return Registry(app)
