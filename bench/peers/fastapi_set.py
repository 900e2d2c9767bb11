"""The peer to beat: FastAPI with set-based SQL, as fast as we know how to write it.

msgspec checks the bytes, one look-up loads what is known, the rows are merged in memory, only what
changed is written (COPY or executemany), and orjson writes the answer from memory. Nothing of it is
cyclic, so the collector of cyclic garbage, which would look at every row again and again, rests.
"""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import orjson
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from bench.peers.common import IS_SQLITE, PLAIN, address_key, utcnow
from bench.peers.fastapi_auth import Organization
from bench.peers.set_store import Unit
from bench.peers.set_types import attributes, decoder

if IS_SQLITE:
    from bench.peers import set_sqlite as store
else:
    from bench.peers import set_postgresql as store

JSON_OUT = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
BLANK = {"id": None, **dict.fromkeys((*PLAIN, "bathrooms", "address"))}
DOOR = frozenset({"unit_number", "address"})

Attributes = dict[str, Any]
app = FastAPI()


@dataclass(slots=True)
class Known:
    """The units of the group that matter, by identifier and by address, and what to write."""

    now: datetime
    by_identifier: dict[str, Unit] = field(default_factory=dict)
    by_address: dict[str, Unit] = field(default_factory=dict)
    created: list[Unit] = field(default_factory=list)
    updated: dict[int, Unit] = field(default_factory=dict)

    def add(self, unit: Unit) -> None:
        """Let a unit be found."""
        self.by_identifier[unit.shown["identifier"]] = unit
        if unit.address_key is not None:
            self.by_address[unit.address_key] = unit

    def take(self, sent: Attributes, key: str | None) -> tuple[str, str | None, Unit]:
        """Create or update one unit; answers what happened, how it was found, and the unit."""
        found_by = None
        unit = self.by_identifier.get(sent["identifier"]) if "identifier" in sent else None
        if unit is not None:
            found_by = "identifier"
        elif key is not None and (unit := self.by_address.get(key)):
            found_by = "address"
        if unit is None:
            times = {"created_at": self.now, "updated_at": self.now}
            unit = Unit({**BLANK, **sent, **times}, key, 1)
            self.created.append(unit)
            self.add(unit)
            return "created", None, unit
        if sent.items() <= unit.shown.items():
            return "unchanged", found_by, unit
        self.change(unit, sent, key)
        return "updated", found_by, unit

    def change(self, unit: Unit, sent: Attributes, key: str | None) -> None:
        """Lay what was sent over a unit."""
        self.by_identifier.pop(unit.shown["identifier"], None)
        self.by_address.pop(unit.address_key or "", None)
        unit.shown.update(sent)
        if DOOR & sent.keys():
            unit.address_key = key if sent.keys() >= DOOR else key_of(unit.shown)
        unit.shown["updated_at"] = self.now
        self.add(unit)
        if unit.shown["id"] is not None:
            self.updated[unit.shown["id"]] = unit


def key_of(unit: Attributes) -> str | None:
    """Answer the address key of a unit or row."""
    place = unit.get("address")
    return address_key(place, unit.get("unit_number"), "") if place else None


@app.get("/healthz")
def show_health() -> dict[str, str]:
    """Answer that the process lives."""
    return {"status": "ok"}


@app.post("/api/v1.0/units/multiple")
async def upsert_units(request: Request, organization_id: Organization) -> Response:
    """Create or update many units of one group."""
    content = await request.body()
    answer = await run_in_threadpool(upsert, content, organization_id)
    return Response(answer, media_type="application/json")


@contextmanager
def no_collection() -> Iterator[None]:
    """Let the collector of cyclic garbage rest."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@no_collection()
def upsert(content: bytes, organization_id: int) -> bytes:
    """Do the work of a request and answer the bytes."""
    try:
        body = decoder.decode(content)
    except msgspec.DecodeError as error:
        raise HTTPException(422, str(error)) from None
    rows = [attributes(row) for row in body.units]
    keys = [key_of(row) for row in rows]
    with store.transaction() as cursor:
        group_id = store.lock_group(cursor, organization_id, body.group_external_ref)
        if group_id is None:
            raise HTTPException(404)
        known = Known(utcnow())
        sought = [row["identifier"] for row in rows if "identifier" in row]
        doors = [key for key in keys if key is not None]
        for unit in store.load(cursor, organization_id, group_id, sought, doors):
            known.add(unit)
        done = [known.take(row, key) for row, key in zip(rows, keys, strict=True)]
        changed = list(known.updated.values())
        store.write(cursor, organization_id, group_id, known.created, changed, known.now)
    return encode(done, group_id)


def encode(done: list[tuple[str, str | None, Unit]], group_id: int) -> bytes:
    """Answer the JSON of an answer."""
    rows = [
        {
            "index": index,
            "action": action,
            "matched_by": by,
            "group_id": group_id,
            "unit": unit.shown,
        }
        for index, (action, by, unit) in enumerate(done)
    ]
    counts = Counter(action for action, _, _ in done)
    return orjson.dumps({"units": rows, "summary": counts}, option=JSON_OUT)
