"""A small world to test in: two organizations, and a client of each kind."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Table, event, select
from werkzeug.test import TestResponse

from app import provisioning
from app.accounts.auth import issue_token
from app.accounts.models import Client
from app.db import Base, db, transactional, utcnow

SECRET = "a-secret-for-tests-of-more-than-32-bytes"
API = "/api/v1.0"
ORGANIZATIONS = {
    "organizations": [
        {
            "name": "entity1",
            "groups": [
                {"external_ref": "north-tower", "name": "North Tower"},
                {"external_ref": "south-tower", "name": "South Tower"},
            ],
            "items": [
                {"reference": "eliteBook_820", "name": "EliteBook 820"},
                {"reference": "bracelet", "name": "Knot Band Bracelet"},
            ],
            "clients": [
                {"client_id": "entity1-sync", "groups": ["north-tower"]},
                {"client_id": "entity1-all", "groups": "*"},
                {"client_id": "entity1-none", "groups": []},
            ],
        },
        {
            "name": "entity2",
            "groups": [{"external_ref": "north-tower"}, {"external_ref": "theirs"}],
            "items": [{"reference": "secret-item", "name": "Secret"}],
            "clients": [{"client_id": "entity2-all", "groups": "*"}],
        },
    ]
}


class World:
    """Both organizations, provisioned; ``group`` is the id of entity1's north tower."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        done = self.provision(ORGANIZATIONS)
        self.groups: dict[str, int] = done["organizations"][0]["groups"]
        self.their_groups: dict[str, int] = done["organizations"][1]["groups"]
        self.group = self.groups["north-tower"]
        self.token = self.token_for("entity1-sync")

    def provision(self, wanted: Any) -> dict[str, Any]:
        """Apply a provisioning file."""
        with self.app.app_context():
            loaded = provisioning.load(orjson.dumps(wanted))
            return transactional(provisioning.apply)(db.session(), loaded, utcnow())

    def token_for(self, client_id: str, expires_in: int | None = None) -> str:
        """Answer a token for a client."""
        with self.app.app_context():
            found = db.session.scalars(select(Client).where(Client.client_id == client_id)).one()
            token = issue_token(found, expires_in)
            db.session.remove()
            return token

    @property
    def http(self) -> FlaskClient:
        """Answer a fresh HTTP client."""
        return self.app.test_client()

    def headers(self, token: str | None = None, **more: str) -> dict[str, str]:
        """Answer the headers of an authorized request."""
        return {"Authorization": f"Bearer {token or self.token}", **more}

    def get(self, path: str, token: str | None = None) -> TestResponse:
        """GET a path below the API's base, or a whole one."""
        whole = path if path.startswith(API) else f"{API}{path}"
        return self.http.get(whole, headers=self.headers(token))

    def post(self, path: str, body: Any, token: str | None = None, **headers: str) -> TestResponse:
        """POST JSON below the API's base; bytes are sent as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post(
            f"{API}{path}",
            data=data,
            headers=self.headers(token, **headers),
            content_type="application/json",
        )

    def post_units(self, units: Any, query: str = "", **envelope: Any) -> TestResponse:
        """POST rows to the group, unless ``envelope`` names another."""
        if not {"group_id", "group_external_ref"} & set(envelope):
            envelope["group_id"] = self.group
        return self.post(f"/units/multiple{query}", {**envelope, "units": units})

    def put_units(self, *units: dict[str, Any], **envelope: Any) -> list[int]:
        """POST rows that must all succeed; answers their ids."""
        answer = self.post_units(list(units), **envelope)
        assert answer.json["summary"]["failed"] == 0, answer.json
        return [row["id"] for row in answer.json["units"]]

    def upsert(
        self,
        body: Any,
        item: str = "eliteBook_820",
        unit: str = "PACKET",
        query: str = "",
        **kw: Any,
    ) -> TestResponse:
        """Upsert an item-unit."""
        return self.post(f"/itemUnits/reference/{item}/{unit}{query}", body, **kw)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Answer all rows of a table, in a fixed order."""
        table: Table = Base.metadata.tables[name]
        with self.app.app_context(), db.engine.connect() as connection:
            found = connection.execute(select(table).order_by(*table.primary_key.columns))
            return [dict(row._mapping) for row in found]

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Answer the whole database."""
        return {name: self.rows(name) for name in Base.metadata.tables}

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Collect the SQL statements of what happens inside."""
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            seen.append(statement)

        with self.app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)
