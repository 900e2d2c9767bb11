"""A registry whose ids are known beforehand, so that requests can be made up before it is there."""

from itertools import cycle

from flask import Flask
from sqlalchemy import text

from app.db import Base, db
from app.item_units.models import ItemUnit
from tests.world import World

CLIENT, CLIENT_SECRET = "entity1-all", "a-secret-of-the-client"
UNITS = {
    "north-tower": [
        {"identifier": "A-1", "sqft": 640},
        {"address": {"address_line_1": "1 Main St"}},
    ],
    "south-tower": [{"identifier": "PACKET", "bathrooms": [{"has_sink": True}]}],
}
ITEM_UNITS = {
    ("eliteBook_820", "A-1"): {"quantity": 4, "isDefault": True},
    ("eliteBook_820", "PACKET"): {"quantity": 8, "isDefault": False},
    ("bracelet", "PACKET"): {"quantity": 1, "isDefault": True},
}


class Registry:
    """Two organizations; in the first, groups, items, units and item-units have ids from 1 on."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.start_ids_again()
        self.world = World(app)
        self.world.token = self.world.token_for(CLIENT)
        self.give_secret()
        for group, units in UNITS.items():
            self.world.put_units(*units, group_external_ref=group)
        for (item, unit), body in ITEM_UNITS.items():
            assert self.world.upsert(body, item=item, unit=unit).status_code == 201
        self.item_units = self.world.rows("item_units")
        assert [row["id"] for row in self.item_units] == [1, 2, 3]
        # Most requests may use all groups; one in four meets those that were not granted.
        granted = self.world.token_for("entity1-sync")
        self.tokens = cycle([*[self.world.token] * 3, granted])

    def start_ids_again(self) -> None:
        """Empty every table and count ids from 1."""
        with self.app.app_context(), db.engine.begin() as connection:
            if db.engine.dialect.name == "sqlite":
                connection.execute(text("DELETE FROM sqlite_sequence"))
            else:
                names = ", ".join(table.name for table in Base.metadata.sorted_tables)
                connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))

    def give_secret(self) -> None:
        """Let one client ask for its own tokens."""
        client = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "groups": "*"}
        self.world.provision({"organizations": [{"name": "entity1", "clients": [client]}]})

    def headers(self) -> dict[str, str]:
        """Answer the headers of the next request."""
        return {"Authorization": f"Bearer {next(self.tokens)}"}

    def renew(self) -> None:
        """Put the item-units back as they were, so that the next request finds some again."""
        with self.app.app_context(), db.engine.begin() as connection:
            connection.execute(ItemUnit.__table__.delete())
            connection.execute(ItemUnit.__table__.insert(), self.item_units)
