"""``/docs`` of a real server in a real browser: a token in, a request out, and nobody else asked.

Needs a Chromium: the one that ``CHROMIUM`` names, or one on the PATH.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from demo.commands import describe_organization, migrate, provision, run_flask
from demo.server import fresh_environment, running

OUTPUT = Path(__file__).parent.parent / "test-output"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_BROWSER = (
    "There is no Chromium on the PATH. Debian: apt install chromium. Ubuntu: snap install chromium."
    " Or name one: CHROMIUM=/path/to/chrome make test-browser."
)
CLIENT, SECRET = "docs-client", "a-secret-of-the-docs-client"
FLAGS = (
    # No name resolves but the server's own address, whatever the page or the browser asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
UNITS = {
    "group_external_ref": "north-tower",
    "units": [
        {"identifier": "A-1", "address": {"address_line_1": "12 Main Street, Apt 4"}, "sqft": 640},
        {"address": {"address_line_1": "12 MAIN ST. #4"}, "number_of_bedrooms": 2},
    ],
}
ITEM_UNIT = {"quantity": 4, "isDefault": True, "barcode": "(10)45566(17)161231"}


@pytest.fixture(scope="session", name="browser")
def _browser() -> Iterator[Browser]:
    """Answer a headless Chromium; where there is none, that is a failure and says what to do."""
    names = (os.environ.get("CHROMIUM", ""), *BROWSERS)
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        pytest.fail(NO_BROWSER)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session", name="environment")
def _environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Answer the settings of a fresh service that an operator has set up."""
    environment = fresh_environment(tmp_path_factory.mktemp("service"))
    migrate(environment)
    organization = describe_organization("demo", ["north-tower"], ["laptop"], CLIENT, SECRET)
    provision(environment, organization)
    return environment


@pytest.fixture(scope="session", name="url")
def _url(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Answer the address of the service, served as in production."""
    with running(environment, tmp_path_factory.mktemp("log") / "server.log") as url:
        yield url


@pytest.fixture(name="asked")
def _asked() -> list[str]:
    """Collect every address that the page asked for."""
    return []


@pytest.fixture(name="page")
def _page(browser: Browser, url: str, asked: list[str]) -> Iterator[Page]:
    """Answer ``/docs`` as it opens; afterwards nobody but the server may have been asked."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(30_000)
    page.goto(f"{url}/docs")
    expect(page.locator(".opblock-tag-section").first).to_be_visible()
    yield page
    page.close()
    assert len(asked) > 3
    strangers = {one for one in asked if urlsplit(one).scheme != "data" and not one.startswith(url)}
    assert strangers == set()


def take_picture(page: Page, name: str) -> None:
    """Keep what the page shows, whole, in ``test-output/``."""
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / f"{name}.png", full_page=True)


def authorize(page: Page, token: str) -> None:
    """Press Authorize and paste a token, as a person does."""
    page.locator(".auth-wrapper button.authorize").click()
    page.get_by_label("auth-bearer-value").fill(token)
    form = page.locator(".auth-container", has=page.get_by_label("auth-bearer-value"))
    form.get_by_role("button", name="Apply credentials").click()
    page.locator(".dialog-ux .btn-done").first.click()


def execute(page: Page, operation: str, body: object, **parameters: str) -> Locator:
    """Try an operation out and answer where the page shows the server's answer."""
    block = page.locator(f"#operations-{operation}")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    for name, value in parameters.items():
        block.locator(f"tr[data-param-name='{name}'] input").fill(value)
    block.locator("textarea.body-param__text").fill(json.dumps(body, indent=2))
    block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table")
    expect(answer).to_be_visible()
    return answer


def test_the_bulk_upsert_and_the_item_unit_upsert_from_the_page(
    page: Page, environment: dict[str, str]
) -> None:
    authorize(page, run_flask(environment, "token", CLIENT).strip())

    answer = execute(page, "Units-upsertUnits", UNITS)

    expect(answer.locator(".response-col_status").last).to_contain_text("200")
    shown = json.loads(answer.locator(".response-col_description pre").first.inner_text())
    assert shown["summary"] == {"created": 1, "updated": 1, "unchanged": 0, "failed": 0}
    assert [row["identifier"] for row in shown["units"]] == ["A-1", "A-1"]
    take_picture(page, "docs-units")

    answer = execute(page, "Item-units-upsertItemUnit", ITEM_UNIT, itemId="laptop", unitId="A-1")

    expect(answer.locator(".response-col_status").last).to_contain_text("201")
    shown = json.loads(answer.locator(".response-col_description pre").first.inner_text())
    assert (shown["quantity"], shown["expirationDate"]) == (4, "2016-12-31")
    take_picture(page, "docs-item-units")


def test_a_client_id_and_secret_do_as_well_as_a_token(page: Page) -> None:
    page.locator(".auth-wrapper button.authorize").click()
    form = page.locator(".auth-container", has=page.locator("#client_id_clientCredentials"))
    form.locator("#client_id_clientCredentials").fill(CLIENT)
    form.locator("#client_secret_clientCredentials").fill(SECRET)
    form.locator(".auth-btn-wrapper .authorize").click()
    expect(page.locator(".dialog-ux").get_by_text("Logout")).to_be_visible()
    page.locator(".dialog-ux .btn-done").first.click()

    answer = execute(page, "Items-upsertItem", {"name": "Laptop"}, reference="laptop")

    expect(answer.locator(".response-col_status").last).to_contain_text("201")


def test_the_page_as_it_opens(page: Page) -> None:
    titles = page.locator(".opblock-tag a span").all_inner_texts()

    assert titles == ["Units", "Groups", "Item-units", "Items", "Tokens", "Health"]
    take_picture(page, "docs")
