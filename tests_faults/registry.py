"""A migrated and provisioned database, the way to call its servers, and what is stored in the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from app.db import db
from tests.fixtures import MIGRATIONS, config_for
from tests.world import API, World
from tests_faults.history import Stored

GROUPS = 20
UNITS = f"{API}/units/multiple"


class Registry:
    """One organization with 20 groups and 4 items, and a client that may use all of them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.app = create_app(config_for(url))
        with self.app.app_context():
            upgrade(MIGRATIONS)
        self.world = World(self.app)
        done = self.world.provision(wanted())["organizations"][0]
        self.groups: list[int] = list(done["groups"].values())
        self.token = self.world.token_for("faults")
        self.let_go()

    @property
    def engine(self) -> str:
        """Answer which database it is."""
        return "sqlite" if self.url.startswith("sqlite") else "postgresql"

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement on a connection of its own and answer its rows."""
        with self.app.app_context():
            try:
                with db.engine.begin() as connection:
                    found = connection.execute(text(statement))
                    return [tuple(row) for row in found] if found.returns_rows else []
            finally:
                db.engine.dispose()

    def let_go(self) -> None:
        """Leave no connection open, so that the database can be killed."""
        with self.app.app_context():
            db.engine.dispose()

    def stored(self) -> list[Stored]:
        """Answer the rows that the loads write: units by identifier or address, and item-units."""
        units = self.sql("SELECT coalesce(identifier, address_line_1), version, name FROM units")
        pairs = self.sql(
            "SELECT i.reference, u.identifier, x.version, x.quantity FROM item_units x"
            " JOIN items i ON i.id = x.item_id JOIN units u ON u.id = x.unit_id"
        )
        found = [Stored(*row) for row in units if row[2] is not None]
        return found + [Stored(f"{i}/{u}", version, str(n)) for i, u, version, n in pairs]

    def is_sound(self) -> bool:
        """Tell whether the database itself finds no damage, and no item has two defaults."""
        if self.engine == "sqlite" and self.sql("PRAGMA integrity_check") != [("ok",)]:
            return False
        doubles = "SELECT item_id FROM item_units WHERE is_default GROUP BY 1 HAVING count(*) > 1"
        return not self.sql(doubles)

    def deadlocks(self) -> int:
        """Answer how many deadlocks PostgreSQL has resolved in this database; servers must be down."""
        if self.engine == "sqlite":
            return 0
        count = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return int(self.sql(count)[0][0])


def wanted() -> dict[str, Any]:
    """Answer the provisioning file."""
    return {
        "organizations": [
            {
                "name": "faults",
                "groups": [{"external_ref": f"group-{n:02}"} for n in range(GROUPS)],
                "items": [{"reference": f"item-{n}", "name": f"Item {n}"} for n in range(4)],
                "clients": [{"client_id": "faults", "groups": "*"}],
            }
        ]
    }


@contextmanager
def registry_at(url: str) -> Iterator[Registry]:
    """Answer a registry in the empty database at ``url``."""
    registry = Registry(url)
    try:
        yield registry
    finally:
        registry.let_go()
