"""Measure how a registry grows on PostgreSQL: `python -m bench.scaling [--sizes 10000,100000,1000000]`.

Fills one organization through the bulk upsert, groups of 10,000 units, on a PostgreSQL of its own
(`TEST_DATABASE_URL` for another). At each size it prints what a unit takes on disk and how long a
request of 1,000 units takes in this process: new ones, changed ones, the same again; half of them are
known by address alone.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import psutil
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select, text

from app import create_app, provisioning
from app.accounts.auth import issue_token
from app.accounts.models import Client
from app.db import db, transactional, utcnow
from tests.fixtures import MIGRATIONS, as_url, config_for, empty_database, postgres_server

PER_GROUP, REQUEST, ROUNDS = 10_000, 1_000, 9
STREETS = ("Main Street", "Station Road", "Church Lane", "Park Avenue", "Mill Road", "High Street")
SIZES = """
SELECT c.relname, pg_relation_size(c.oid), false FROM pg_class c
 WHERE c.oid = 'units'::regclass
UNION ALL
SELECT i.relname, pg_relation_size(i.oid), true FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
 WHERE x.indrelid = 'units'::regclass ORDER BY 2 DESC"""


def main() -> None:
    """Fill up to each size in turn and print what it costs."""
    parser = argparse.ArgumentParser(description="Measure how a registry grows on PostgreSQL.")
    parser.add_argument("--sizes", default="10000,100000,1000000", help="units stored, ascending")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    with postgres_server() as server, empty_database(server) as database:
        app = create_app(config_for(as_url(database)))
        post = set_up(app, max(sizes) // PER_GROUP + 1)
        stored = 0
        for size in sizes:
            start, before, used = time.perf_counter(), stored, cpu(app)
            while stored < size:
                post(stored // PER_GROUP, [unit(n) for n in range(stored, stored + PER_GROUP)])
                stored += PER_GROUP
            rate = (stored - before) / (time.perf_counter() - start)
            print(f"\n{stored:,} units; filled at {rate:,.0f} units/s")
            ours, theirs = (new - old for new, old in zip(cpu(app), used, strict=True))
            each = 1000 * REQUEST / (stored - before)
            print(
                f"  CPU per 1,000: service {ours * each:.0f} ms, PostgreSQL {theirs * each:.0f} ms"
            )
            show_sizes(app)
            show_times(post, stored)
        with app.app_context():
            db.engine.dispose()


def cpu(app: Flask) -> tuple[float, float]:
    """Answer the seconds of CPU that this process has used, and the backends that serve it."""
    mine = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid > 0"
    with app.app_context(), db.engine.connect() as connection:
        pids = connection.execute(text(mine)).scalars().all()
    used = [psutil.Process(pid).cpu_times() for pid in pids]
    return time.process_time(), sum(times.user + times.system for times in used)


def unit(number: int, **more: Any) -> dict[str, Any]:
    """Answer a unit as a property system sends it; every other one has no identifier."""
    street = STREETS[number % len(STREETS)]
    named = {"identifier": f"PMS-{number:08}"} if number % 2 else {}
    return {
        **named,
        "name": f"Unit {number}",
        "unit_number": str(number % 50 + 1),
        "number_of_bedrooms": number % 4 + 1,
        "sqft": 40.0 + number % 90,
        "address": {
            "address_line_1": f"{number // 50 + 1} {street}",
            "city": "Springfield",
            "state": "IL",
            "postal_code": f"{62701 + number % 30}",
            "country": "US",
        },
        **more,
    }


def set_up(app: Flask, groups: int) -> Callable[[int, list[dict[str, Any]]], dict[str, int]]:
    """Make the tables and an organization; answer a way to post units to a group by its number."""
    wanted = {
        "name": "bench",
        "groups": [{"external_ref": f"g{n}"} for n in range(groups)],
        "clients": [{"client_id": "bench", "groups": "*"}],
    }
    with app.app_context():
        upgrade(MIGRATIONS)
        loaded = provisioning.load(orjson.dumps({"organizations": [wanted]}))
        transactional(provisioning.apply)(db.session(), loaded, utcnow())
        client = db.session.scalars(select(Client)).one()
        headers = {"Authorization": f"Bearer {issue_token(client, 86_400)}"}
        db.session.remove()
    http = app.test_client()

    def post(group: int, units: list[dict[str, Any]]) -> dict[str, int]:
        body = orjson.dumps({"group_external_ref": f"g{group}", "units": units})
        answer = http.post(
            "/api/v1.0/units/multiple", data=body, headers=headers, content_type="application/json"
        )
        assert answer.status_code == 200, answer.data
        summary: dict[str, int] = answer.json["summary"]
        return summary

    return post


def show_sizes(app: Flask) -> None:
    """Print what a unit takes on disk, by table and index."""
    with app.app_context(), db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
        found = connection.execute(text(SIZES)).all()
        stored = connection.execute(text("SELECT count(*) FROM units")).scalar_one()
    total = sum(size for _, size, _ in found)
    print(f"  on disk {total / 2**20:,.0f} MiB, {total / stored:,.0f} bytes a unit, of these")
    for name, size, is_index in found:
        kind = "index" if is_index else "table"
        print(f"    {kind} {name:30} {size / stored:6,.0f} bytes a unit {size / 2**20:8,.1f} MiB")


def show_times(post: Callable[[int, list[dict[str, Any]]], dict[str, int]], stored: int) -> None:
    """Print how long a request of 1,000 units takes: the fastest, the median, the slowest."""
    for name, requests in cases(stored):
        times = []
        for group, units, wanted in requests:
            start = time.perf_counter()
            summary = post(group, units)
            times.append((time.perf_counter() - start) * 1000)
            assert summary[wanted] == len(units), (name, summary)
        low, middle, high = min(times), statistics.median(times), max(times)
        print(f"  1,000 units {name:10} {low:6.0f} / {middle:6.0f} / {high:6.0f} ms")


def cases(stored: int) -> Iterator[tuple[str, list[tuple[int, list[dict[str, Any]], str]]]]:
    """Answer by name the requests to be timed, each with its group and what becomes of its units."""
    groups = stored // PER_GROUP
    # Blocks of 1,000, spread evenly over what is stored.
    starts = [n * stored // ROUNDS // REQUEST * REQUEST for n in range(ROUNDS)]
    known = [(at // PER_GROUP, range(at, at + REQUEST)) for at in starts]
    changed = [(g, [unit(n, name=f"{stored} {n}") for n in numbers]) for g, numbers in known]
    yield "updated", [(g, units, "updated") for g, units in changed]
    yield "unchanged", [(g, units, "unchanged") for g, units in changed]
    new = [10**9 + stored * 10 + n * REQUEST for n in range(ROUNDS)]
    yield (
        "created",
        [
            (n % groups, [unit(each) for each in range(at, at + REQUEST)], "created")
            for n, at in enumerate(new)
        ],
    )


if __name__ == "__main__":
    main()
