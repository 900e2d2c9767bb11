"""How the set-based peer keeps a unit in memory, and its connections."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, LifoQueue
from typing import Any

import orjson

from bench.peers.common import ADDRESS, PLAIN, RECIPE

COLUMNS = (*PLAIN, "bathrooms", *ADDRESS, "address_key", "address_recipe")
LOADED = ("id", "version", "created_at", "updated_at", *COLUMNS[:-1])
BATHROOMS = 4 + len(PLAIN)
PLACE = slice(BATHROOMS + 1, BATHROOMS + 1 + len(ADDRESS))


@dataclass(slots=True, eq=False)
class Unit:
    """A unit: ``shown`` is what the answer says of it."""

    shown: dict[str, Any]
    address_key: str | None
    version: int


def unit_from(row: Sequence[Any], bathrooms: Any) -> Unit:
    """Answer the unit in a row of ``LOADED``."""
    shown = {
        "id": row[0],
        **dict(zip(PLAIN, row[4:BATHROOMS], strict=True)),
        "bathrooms": bathrooms,
        "address": None,
        "created_at": row[2],
        "updated_at": row[3],
    }
    place = row[PLACE]
    if place[1] is not None:
        shown["address"] = dict(zip(ADDRESS, place, strict=True))
    return Unit(shown, row[-1], row[1])


def columns_of(unit: Unit) -> tuple[Any, ...]:
    """Answer the values of ``COLUMNS``."""
    shown = unit.shown
    place, rooms = shown["address"], shown["bathrooms"]
    return (
        *[shown[name] for name in PLAIN],
        None if rooms is None else orjson.dumps(rooms).decode(),
        *([place[name] for name in ADDRESS] if place else [None] * len(ADDRESS)),
        unit.address_key,
        RECIPE if place else None,
    )


class Pool:
    """Connections kept open, one at a time for each thread."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self.connect = connect
        self.idle: LifoQueue[Any] = LifoQueue()

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Yield a connection that nobody else has."""
        try:
            taken = self.idle.get_nowait()
        except Empty:
            taken = self.connect()
        try:
            yield taken
        finally:
            self.idle.put(taken)
