"""Measure how long pages of long lists take, at any depth: `python -m bench.listing [--rows N]`.

Fills a registry with item-units (10 items in every unit of 10 groups) on SQLite and on a PostgreSQL
(`TEST_DATABASE_URL`, else one of its own), and asks for pages by HTTP in this process: in turns, so that
a busy moment of the machine touches all of them. No page should take 2x the time of the first.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import orjson
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import select, text

from app import create_app, provisioning
from app.accounts.auth import issue_token
from app.accounts.models import Client
from app.db import db, transactional, utcnow
from tests.fixtures import MIGRATIONS, as_url, config_for, empty_database, postgres_server

API = "/api/v1.0"
GROUPS, ITEMS, PAGE, ROUNDS, MOST = 10, 10, 100, 15, 10_000
CLIENTS = {"all groups": "*", "half the groups": [f"g{n}" for n in range(GROUPS // 2)]}


def main() -> None:
    """Fill both engines and print how long their pages take."""
    parser = argparse.ArgumentParser(description="Measure lists of item-units and units.")
    parser.add_argument("--rows", type=int, default=100_000, help="item-units in the registry")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        report("SQLite", f"sqlite:///{Path(folder) / 'bench.sqlite3'}", rows)
    with postgres_server() as server, empty_database(server) as database:
        report("PostgreSQL", as_url(database), rows)


def report(engine: str, url: str, rows: int) -> None:
    """Fill the database at ``url`` and print the times of its pages."""
    app = create_app(config_for(url))
    tokens = set_up(app)
    fill(app, tokens["all groups"], rows)
    settle(app)
    for client, token in tokens.items():
        http, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
        offsets, cursors = pages_by_offset(http, headers), pages_by_cursor(http, headers)
        show(f"{engine}, item-units, {client}", offsets, http, headers)
        show(f"{engine}, units by cursor, {client}", cursors, http, headers)
    with app.app_context():
        db.engine.dispose()


def set_up(app: Flask) -> dict[str, str]:
    """Make the tables, an organization and its clients; answer a token of each."""
    wanted = {
        "name": "bench",
        "groups": [{"external_ref": f"g{n}"} for n in range(GROUPS)],
        "items": [{"reference": f"i{n}", "name": f"Item {n}"} for n in range(ITEMS)],
        "clients": [{"client_id": name, "groups": groups} for name, groups in CLIENTS.items()],
    }
    with app.app_context():
        upgrade(MIGRATIONS)
        loaded = provisioning.load(orjson.dumps({"organizations": [wanted]}))
        transactional(provisioning.apply)(db.session(), loaded, utcnow())
        clients = db.session.scalars(select(Client)).all()
        return {client.client_id: issue_token(client) for client in clients}


def fill(app: Flask, token: str, rows: int) -> None:
    """Make units and item-units through the bulk routes; the groups lie mixed in the order of id."""
    http, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
    names = [[f"u{n}" for n in range(group, rows // ITEMS, GROUPS)] for group in range(GROUPS)]

    def post(path: str, body: object) -> None:
        answer = http.post(f"{API}/{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text[:500]
        assert answer.get_json()["summary"]["failed"] == 0, answer.text[:500]

    for group, units in enumerate(names):
        for start in range(0, len(units), MOST):
            some = [{"identifier": name} for name in units[start : start + MOST]]
            post("units/multiple", {"group_external_ref": f"g{group}", "units": some})
    pairs = [(item, f"u{n}") for item in range(ITEMS) for n in range(rows // ITEMS)]
    for start in range(0, len(pairs), MOST):
        some = [
            {"itemId": f"i{item}", "unitId": unit, "quantity": 1, "isDefault": False}
            for item, unit in pairs[start : start + MOST]
        ]
        post("itemUnits/multiple", {"itemUnits": some})


def settle(app: Flask) -> None:
    """Let PostgreSQL know its tables, as autovacuum does within a minute of such a load."""
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))


def pages_by_offset(http: FlaskClient, headers: dict[str, str]) -> dict[str, str]:
    """Answer the addresses of the first, the middle, a late and the last page of item-units."""
    first = http.get(f"{API}/itemUnits", query_string={"max": 1}, headers=headers).get_json()
    total = first["paging"]["total"]
    offsets = {
        "first": 0,
        "1/4": total // 4,
        "middle": total // 2,
        "3/4": total * 3 // 4,
        "last": total - PAGE,
    }
    return {name: f"{API}/itemUnits?max={PAGE}&offset={offset}" for name, offset in offsets.items()}


def pages_by_cursor(http: FlaskClient, headers: dict[str, str]) -> dict[str, str]:
    """Walk through all units and answer the addresses of some of the pages passed."""
    walked = [f"{API}/units?limit={PAGE}"]
    while cursor := http.get(walked[-1], headers=headers).get_json()["next_cursor"]:
        walked.append(f"{API}/units?limit={PAGE}&cursor={cursor}")
    places = {"first": 0, "middle": len(walked) // 2, "3/4": len(walked) * 3 // 4, "last": -1}
    return {name: walked[place] for name, place in places.items()}


def show(title: str, pages: dict[str, str], http: FlaskClient, headers: dict[str, str]) -> None:
    """Ask for each page in turn, again and again; print the median times against the first page's."""
    times: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(ROUNDS):
        for name, address in pages.items():
            start = time.perf_counter()
            assert http.get(address, headers=headers).status_code == 200
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(seen) for name, seen in times.items()}
    print(f"\n{title}")
    for name, median in medians.items():
        print(f"  {name:7} {median * 1000:7.1f} ms  {median / medians['first']:5.2f}x")


if __name__ == "__main__":
    main()
