"""A typed client, generated from ``/openapi.json``, talks to a server of both engines."""

import datetime
import importlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from werkzeug.serving import make_server

from app import create_app
from app.docs import build_spec
from tests.fixtures import config_for
from tests_api.registry import CLIENT, CLIENT_SECRET, Registry

PACKAGE = "unit_registry_client"
Part = Callable[[str], Any]
"""Answers a module of the generated package by its dotted name."""


@pytest.fixture(scope="session", name="generated")
def _generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Part]:
    """Generate the client once; a warning means that a part of the description was passed over."""
    folder = tmp_path_factory.mktemp("client")
    spec = folder / "openapi.json"
    spec.write_bytes(orjson.dumps(build_spec(create_app(config_for("sqlite://")))))
    # It knows no media type for a stream of lines, but any file.
    config = folder / "config.yml"
    config.write_text("content_type_overrides: {application/x-ndjson: application/octet-stream}")
    bin_folder = Path(sys.executable).parent
    done = subprocess.run(
        [
            bin_folder / "openapi-python-client",
            *("generate", "--path", spec, "--config", config),
            *("--meta", "none", "--output-path", folder / PACKAGE),
        ],
        env={"PATH": str(bin_folder)},  # It formats what it wrote with ruff.
        capture_output=True,
        text=True,
        check=True,
    )
    assert "warning" not in (done.stdout + done.stderr).lower(), done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")
    sys.path.remove(str(folder))


@pytest.fixture(name="url")
def _url(registry: Registry) -> Iterator[str]:
    """Answer the address of a server with the registry."""
    server = make_server("127.0.0.1", 0, registry.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(name="client")
def _client(generated: Part, url: str) -> Iterator[Any]:
    """Answer the generated client, with a token that it got by itself."""
    models, tokens = generated("models"), generated("api.tokens.create_token")
    form = models.TokenBody(
        grant_type=models.TokenBodyGrantType.CLIENT_CREDENTIALS,
        client_id=CLIENT,
        client_secret=CLIENT_SECRET,
    )
    with generated("client").Client(base_url=url) as anybody:
        token = tokens.sync(client=anybody, body=form)
    assert isinstance(token, models.Token)
    with generated("client").AuthenticatedClient(base_url=url, token=token.access_token) as client:
        yield client


def test_it_upserts_units(generated: Part, client: Any) -> None:
    models, upsert = generated("models"), generated("api.units.upsert_units")
    address = models.Address(address_line_1="12 Main Street", address_line_2="Apt 4")
    body = models.UnitsBody(
        group_external_ref="north-tower",
        units=[
            models.UnitRow(identifier="B-1", address=address, number_of_bedrooms=2),
            models.UnitRow(address=models.Address(address_line_1="12 MAIN ST. #4"), sqft=640.5),
            models.UnitRow(name="neither identifier nor address"),
        ],
    )

    answer = upsert.sync(client=client, body=body)

    assert isinstance(answer, models.UnitsAnswer)
    created, updated, failed = answer.units
    assert created.action is models.UnitResultAction.CREATED
    assert updated.matched_by is models.UnitResultMatchedBy.ADDRESS
    assert (updated.id, updated.sqft, updated.identifier) == (created.id, 640.5, "B-1")
    assert failed.error.type_ is models.RowErrorType.INSUFFICIENT_DATA
    assert (answer.summary.created, answer.summary.updated, answer.summary.failed) == (1, 1, 1)

    unit = generated("api.units.get_unit").sync(created.id, client=client)
    assert isinstance(unit, models.Unit)
    assert (unit.address.address_line_1, unit.address.city) == ("12 MAIN ST. #4", None)
    assert unit.updated_at.tzinfo is datetime.UTC


def test_an_atomic_refusal_is_typed_too(generated: Part, client: Any) -> None:
    models, upsert = generated("models"), generated("api.units.upsert_units")
    rows = [models.UnitRow(identifier="C-1"), models.UnitRow()]
    body = models.UnitsBody(group_id=1, units=rows)

    answer = upsert.sync(client=client, body=body, atomic=True)

    assert isinstance(answer, models.UnitsRejection)
    assert answer.error.type_ == "units_rejected"
    assert [unit.action for unit in answer.units if not unit.error] == ["skipped"]


def test_it_upserts_item_units(generated: Part, client: Any, registry: Registry) -> None:
    models, upsert = generated("models"), generated("api.item_units.upsert_item_unit")
    registry.world.put_units({"identifier": "Pièce/1"})
    body = models.ItemUnitBody(quantity=4, is_default=False, barcode="(10)45566(17)161231")

    answer = upsert.sync_detailed("bracelet", "Pièce/1", client=client, body=body)

    assert (answer.status_code, answer.headers["Upsert-Result"]) == (201, "created")
    assert isinstance(answer.parsed, models.ItemUnit)
    assert answer.parsed.unit.reference == "Pièce/1"
    assert answer.parsed.expiration_date == datetime.date(2016, 12, 31)

    page = generated("api.item_units.list_item_units").sync(client=client, max_=2)
    assert isinstance(page, models.ItemUnitsPage)
    assert (page.paging.total, len(page.item_units)) == (4, 2)


def test_errors_of_both_envelopes_are_typed(generated: Part, client: Any) -> None:
    models = generated("models")

    no_unit = generated("api.units.get_unit").sync(99, client=client)
    no_item = generated("api.items.get_item").sync(99, client=client)

    assert isinstance(no_unit, models.UnitsError)
    assert no_unit.error.type_ == "unit_not_found"
    assert isinstance(no_item, models.ItemUnitsError)
    assert no_item.error_description == "The item with the id 99 doesn't exist."
