"""The dashboard's queries and the alerts, asked of a live Prometheus; and a picture of its graphs."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from demo.commands import ROOT
from tests_browser.test_docs_page import BROWSERS, FLAGS, NO_BROWSER, OUTPUT
from tests_deploy.conftest import Site
from tests_deploy.load import load
from tests_deploy.processes import DEPLOY, free_port, get, need, stop, wait_until

SECONDS = float(os.environ.get("DEPLOY_GRAPH_SECONDS", "30"))
RATE = 30.0
WINDOW = "15s"
PICTURED = (
    "Requests", "Latency", "Rows by action", "Units by what found them",
)  # fmt: skip


TWO_BY_TWO = """
addEventListener("DOMContentLoaded", () => {
    const style = document.createElement("style");
    style.textContent = `
        .navbar, #add_graph { display: none !important }
        body { padding-top: 0 !important }
        #graph_container { display: grid; grid-template-columns: 1fr 1fr }
        #graph_container > :not(:has(.rickshaw_graph)) { display: none }
        #graph_container > * { min-width: 0 }`;
    document.head.append(style);
});
"""


def panels() -> list[dict[str, Any]]:
    dashboard: dict[str, list[dict[str, Any]]] = json.loads(
        (DEPLOY / "grafana-dashboard.json").read_text()
    )
    return dashboard["panels"]


def queries(title: str | None = None) -> list[str]:
    """Answer the queries of the dashboard, or of one panel, with Grafana's variable filled in."""
    return [
        target["expr"].replace("$__rate_interval", WINDOW)
        for panel in panels()
        if title in (None, panel["title"])
        for target in panel["targets"]
    ]


def ask(port: int, path: str, **parameters: str) -> Any:
    """Answer what Prometheus' API says."""
    status, body = get(port, f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
    assert status == 200, body
    return json.loads(body)["data"]


@pytest.fixture(scope="module", name="prometheus")
def _prometheus(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Answer the port of a Prometheus with our files that has watched a working site for a while."""
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    targets = [f"127.0.0.1:{server.ops_port}" for server in site.servers]
    text = (DEPLOY / "prometheus.yml").read_text().replace("15s", "1s")
    conf = folder / "prometheus.yml"
    conf.write_text(text.replace('["app1:8000", "app2:8000"]', json.dumps(targets)))
    shutil.copy(DEPLOY / "alerts.yml", folder)
    log = folder / "log"
    command = [
        need("prometheus", "prometheus"),
        f"--config.file={conf}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: get(port, "/-/ready")[0] == 200, process, log)
        with load(site.port, site.headers, RATE):
            time.sleep(SECONDS)  # Graphs are of time; there is nothing to wait for but time.
        yield port
    finally:
        stop(process)


@pytest.mark.parametrize("query", queries(), ids=lambda query: query[:60])
def test_every_query_of_the_dashboard_answers_with_numbers(prometheus: int, query: str) -> None:
    deadline = time.monotonic() + 30
    numbers: list[float] = []
    while not numbers and time.monotonic() < deadline:
        end = time.time()
        found = ask(
            prometheus, "query_range", query=query, start=str(end - 120), end=str(end), step="1"
        )
        values = [value for series in found["result"] for _, value in series["values"]]
        numbers = [float(value) for value in values if value != "NaN"]

    assert numbers


def test_prometheus_reaches_both_servers_and_no_alert_is_broken(prometheus: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        targets = ask(prometheus, "targets")["activeTargets"]
        rules = ask(prometheus, "rules")["groups"][0]["rules"]
        if all(rule["health"] != "unknown" for rule in rules):
            break

    assert [target["health"] for target in targets] == ["up", "up"]
    assert {rule["health"] for rule in rules} == {"ok"}


def test_prometheus_itself_draws_the_main_graphs(prometheus: int) -> None:
    """The picture in docs/operations.md is made by this test (``make picture``)."""
    names = (os.environ.get("CHROMIUM", ""), *BROWSERS)
    chromium = next((path for name in names if name and (path := shutil.which(name))), None)
    if chromium is None:
        pytest.fail(NO_BROWSER)
    wanted = [queries(title)[-1 if title == "Latency" else 0] for title in PICTURED]
    fields = {
        f"g{n}.{name}": value
        for n, query in enumerate(wanted)
        for name, value in {
            "expr": query,
            "tab": "0",
            "range_input": f"{SECONDS:.0f}s",
            "step_input": "1",
        }.items()
    }
    url = f"http://127.0.0.1:{prometheus}/classic/graph?{urllib.parse.urlencode(fields)}"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        page.add_init_script(TWO_BY_TWO)
        page.goto(url)
        page.wait_for_function(
            f"document.querySelectorAll('.rickshaw_graph svg path').length >= {len(wanted)}"
        )
        page.wait_for_load_state("networkidle")
        OUTPUT.mkdir(exist_ok=True)
        page.screenshot(path=OUTPUT / "metrics.png", full_page=True)
        browser.close()

    assert re.match(rb"\x89PNG", (OUTPUT / "metrics.png").read_bytes())
    if os.environ.get("DEPLOY_PICTURE"):
        shutil.copy(OUTPUT / "metrics.png", ROOT / os.environ["DEPLOY_PICTURE"])
