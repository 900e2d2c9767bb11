"""Who matches whom: rows and stored units in, one step per row out.

Pure: no database, no clock, no Flask. Rows are taken in order, as if each had been posted alone
(CONTRACT 4.3); what an earlier row did is seen by the later ones through ``KnownUnits``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from app.units.rows import BLANK, Attributes, UnitRow, key_of


# Structs are made faster than data classes; without gc, since they are never part of a cycle.
class Unit(Struct, eq=False, gc=False):
    """A unit as it stands, stored or yet to be created (``id`` is None)."""

    id: int | None
    attributes: Attributes
    address_key: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    claimed_by: int | None = None
    """The latest row of this request that carried an identifier and resolved to this unit."""
    stored_identifier: str | None = None
    """The identifier in the database, which the unit may lose in this request."""
    is_known_anew: bool = False
    """Its identifier or address key is no longer what the database holds."""
    changed: frozenset[str] = frozenset()
    """The attributes that this request has changed."""


class Step(Struct, gc=False):
    """What a row does to its unit, and how the unit stands right after."""

    action: str
    matched_by: str | None
    unit: Unit
    attributes: Attributes
    updated_at: datetime
    sent: Attributes


class Reject(Struct, frozen=True):
    """Why a row fails: ``type`` for machines, ``message`` for people, the rest by type."""

    type: str
    message: str
    sent: Attributes = {}
    fields: Mapping[str, list[str]] | None = None
    candidates: Sequence[Unit] | None = None
    conflicts_with: int | None = None


@dataclass(slots=True)
class Plan:
    """A step or reject per row, in order, and the units to write because of them."""

    steps: list[Step | Reject]
    created: list[Unit]
    updated: list[Unit]

    @property
    def has_failures(self) -> bool:
        """Tell whether any row fails."""
        return any(isinstance(step, Reject) for step in self.steps)


def plan(
    rows: Sequence[UnitRow | Reject],
    stored: Iterable[Unit],
    now: datetime,
    default_country: str = "",
    first: int = 0,
) -> Plan:
    """Decide for each row whether it creates, updates, changes nothing or fails.

    ``stored`` must hold every unit of the group whose identifier or address key is sought by a row;
    ``first`` is the index of the first row. Source: S1, CONTRACT 4.3.
    """
    known = KnownUnits(stored, now, default_country)
    steps = [
        row if isinstance(row, Reject) else known.take(index, row)
        for index, row in enumerate(rows, first)
    ]
    updated = [unit for unit in known.touched.values() if unit.id is not None]
    return Plan(steps, known.created, updated)


class KnownUnits:
    """The units of the group that matter to this request, as they stand after each row."""

    def __init__(self, stored: Iterable[Unit], now: datetime, default_country: str) -> None:
        self.now = now
        self.default_country = default_country
        self.created: list[Unit] = []
        self.touched: dict[int, Unit] = {}
        self.by_identifier: dict[str, Unit] = {}
        self.by_address: dict[str, list[Unit]] = defaultdict(list)
        for unit in stored:
            self.add(unit)

    def add(self, unit: Unit) -> None:
        """Make ``unit`` findable by what it is known by."""
        identifier = unit.attributes["identifier"]
        if identifier is not None:
            self.by_identifier[identifier] = unit
        if unit.address_key is not None:
            self.by_address[unit.address_key].append(unit)

    def remove(self, unit: Unit) -> None:
        """Undo ``add``."""
        self.by_identifier.pop(unit.attributes["identifier"], None)
        if unit.address_key is not None:
            self.by_address[unit.address_key].remove(unit)

    def take(self, index: int, row: UnitRow) -> Step | Reject:
        """Answer what the row at ``index`` does, and do it here."""
        identifier = row.attributes.get("identifier")
        unit = self.by_identifier.get(identifier) if identifier is not None else None
        if unit is not None:
            step = self.merge(unit, row, "identifier")
        elif row.address_key is not None and (found := self.by_address.get(row.address_key)):
            if refusal := refuse_match(row, found):
                return refusal
            step = self.merge(found[0], row, "address")
        elif identifier is None and row.address_key is None:
            return Reject(
                "insufficient_data",
                "A unit needs an identifier or an address.",
                row.sent,
            )
        else:
            step = self.create(row)
        if identifier is not None:
            step.unit.claimed_by = index
        return step

    def create(self, row: UnitRow) -> Step:
        """Add a unit with what the row says."""
        attributes = {**BLANK, **row.attributes}
        unit = Unit(None, attributes, row.address_key, 1, self.now, self.now)
        self.created.append(unit)
        self.add(unit)
        return Step("created", None, unit, attributes, self.now, row.sent)

    def merge(self, unit: Unit, row: UnitRow, matched_by: str) -> Step:
        """Lay the row over ``unit``: what the row does not have stays as it is."""
        before = unit.attributes
        changed = [name for name, value in row.attributes.items() if value != before[name]]
        if not changed:
            return Step("unchanged", matched_by, unit, before, unit.updated_at, row.sent)
        attributes = {**before, **row.attributes}
        has_moved = "address" in changed or "unit_number" in changed
        key = self.key_after(attributes, row) if has_moved else unit.address_key
        self.change(unit, attributes, key)
        unit.changed = unit.changed.union(changed)
        # Never back, even where another server's clock is ahead: a walk by time relies on it.
        unit.updated_at = max(self.now, unit.updated_at)
        if unit.id is not None and id(unit) not in self.touched:
            unit.version += 1
        self.touched[id(unit)] = unit
        return Step("updated", matched_by, unit, attributes, unit.updated_at, row.sent)

    def change(self, unit: Unit, attributes: Attributes, key: str | None) -> None:
        """Give ``unit`` other attributes, and have it found by what it is then known by."""
        if (key, attributes["identifier"]) == (unit.address_key, unit.attributes["identifier"]):
            unit.attributes = attributes
            return
        self.remove(unit)
        unit.attributes, unit.address_key, unit.is_known_anew = attributes, key, True
        self.add(unit)

    def key_after(self, attributes: Attributes, row: UnitRow) -> str | None:
        """Answer the key of a unit with these attributes, made anew where it is not the row's own."""
        number = attributes["unit_number"]
        if "address" in row.attributes and number == row.attributes.get("unit_number"):
            return row.address_key
        return key_of(attributes, self.default_country)


def refuse_match(row: UnitRow, found: Sequence[Unit]) -> Reject | None:
    """Answer why the row may not have what was found by its address, or None if it may.

    Several units are a guess that nobody takes. And a unit that an earlier row of this request named
    by its identifier is not handed to another identifier: fifty flats sent with one street address
    must not collapse into one. Source: CONTRACT 4.3.
    """
    if len(found) > 1:
        return Reject(
            "ambiguous_address",
            f"{len(found)} units of the group have this address.",
            row.sent,
            candidates=tuple(found),
        )
    claimed_by = found[0].claimed_by
    if claimed_by is not None and row.attributes.get("identifier") is not None:
        return Reject(
            "identity_conflict",
            f"Row {claimed_by} names the unit at this address by another identifier.",
            row.sent,
            conflicts_with=claimed_by,
        )
    return None
