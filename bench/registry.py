"""The registry as the operator sets it up, and the groups that the bench fills and empties."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from bench.databases import Database
from bench.workload import COLUMNS, Record, record, stored_rows, unit

ROOT = Path(__file__).resolve().parent.parent
GROUP = "measured"
SHELF = "shelf"
"""The group whose units the single upserts put items into."""
ITEMS = 200
SHELF_UNITS = 50
OTHER_GROUPS = 20
OTHER_UNITS = 1_000
"""Units in each of the other groups: a registry is never empty."""
CLIENT = "bench-client"
DAY = 86_400
MAX_BODY = 2**30

TENANT = ("organization_id", "group_id")
TIMES = ("version", "created_at", "updated_at")
STORED = (*TENANT, *COLUMNS, *TIMES)


@dataclass(frozen=True)
class Registry:
    """A migrated and provisioned database, and what it takes to call its servers."""

    database: Database
    environment: Mapping[str, str]
    token: str
    organization_id: int
    groups: Mapping[str, int]

    @property
    def group_id(self) -> int:
        """Answer the id of the measured group."""
        return self.groups[GROUP]

    def refill(self, kind: str, size: int) -> None:
        """Leave in the measured group what a request of this kind and size expects."""
        self.empty(GROUP)
        self.load(GROUP, (record(row) for row in stored_rows(kind, size)))
        self.database.settle()

    def empty(self, group: str) -> None:
        """Delete all units of a group."""
        self.database.sql(
            "DELETE FROM units WHERE organization_id = ? AND group_id = ?",
            self.organization_id,
            self.groups[group],
        )

    def load(self, group: str, records: Iterable[Record]) -> None:
        """Put records into a group as fast as the driver can; no memory for their number."""
        tenant = (self.organization_id, self.groups[group])
        rows = ((*tenant, *values, 1, now_text(), now_text()) for values in records)
        connection = self.database.connection
        if self.database.engine == "postgresql":
            copy = f"COPY units ({', '.join(STORED)}) FROM STDIN"
            with connection.cursor() as cursor, cursor.copy(copy) as target:
                for row in rows:
                    target.write_row(row)
            return
        marks = ", ".join("?" * len(STORED))
        insert = f"INSERT INTO units ({', '.join(STORED)}) VALUES ({marks})"
        while chunk := list(islice(rows, 10_000)):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(insert, chunk)
            connection.execute("COMMIT")


def now_text() -> str:
    """Answer the time, UTC, as both engines store it."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"


def set_up(database: Database) -> Registry:
    """Migrate and provision ``database``, and put units of other groups into it."""
    environment = {
        **os.environ,
        "DATABASE_URL": database.url,
        "JWT_SECRET_KEY": secrets.token_urlsafe(48),
        "MAX_UNITS_PER_REQUEST": "100000",
        "MAX_CONTENT_LENGTH": str(MAX_BODY),
        "DEFAULT_COUNTRY": "",
        "FLASK_SKIP_DOTENV": "1",
    }
    run_flask(environment, "db", "upgrade")
    done = json.loads(run_flask(environment, "provision", "-", stdin=json.dumps(wanted())))
    token = run_flask(environment, "token", CLIENT, "--expires-in", str(DAY)).strip()
    organization = done["organizations"][0]
    registry = Registry(database, environment, token, organization["id"], organization["groups"])
    numbers = iter(range(10_000_000, 20_000_000))
    for group in other_groups():
        registry.load(group, (record(unit(n)) for n in islice(numbers, OTHER_UNITS)))
    registry.load(SHELF, (record(unit(n)) for n in islice(numbers, SHELF_UNITS)))
    database.settle()
    return registry


def wanted() -> dict[str, object]:
    """Answer the provisioning file: an organization with its groups, items and a client."""
    return {
        "organizations": [
            {
                "name": "bench",
                "groups": [{"external_ref": ref} for ref in (GROUP, SHELF, *other_groups())],
                "items": [{"reference": f"item-{n}", "name": f"Item {n}"} for n in range(ITEMS)],
                "clients": [{"client_id": CLIENT, "groups": "*"}],
            }
        ]
    }


def other_groups() -> Iterator[str]:
    """Yield the references of the groups that are merely there."""
    return (f"other-{number}" for number in range(OTHER_GROUPS))


def run_flask(environment: Mapping[str, str], *arguments: str, stdin: str = "") -> str:
    """Run ``flask --app wsgi`` with ``arguments`` and answer what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=ROOT,
        env=dict(environment),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"flask {' '.join(arguments)} failed:\n{done.stderr}{done.stdout}")
    return done.stdout
