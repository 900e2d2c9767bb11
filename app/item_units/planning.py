"""What a request for many item-units does, row by row. Pure: no database, no Flask.

Rows are taken in order; each has the outcome that the single upsert would have had (CONTRACT 7).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.errors import ApiError
from app.item_units.errors import AmbiguousReference, UnitNotFound
from app.item_units.rules import Attributes, Change, Options, Stored, decide
from app.items.errors import ItemNotFound


@dataclass(frozen=True, slots=True)
class ManyRow:
    """A row: the clean references, what is to become of the pair, and the references as sent."""

    item: str
    unit: str
    change: Change
    named: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KnownItem:
    """An item that rows name."""

    id: int
    reference: str
    name: str


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A unit that rows name, of a group that the client may use."""

    id: int
    reference: str
    name: str


@dataclass(slots=True, eq=False)
class ItemUnit:
    """An item-unit as it stands, stored or yet to be created (``id`` is None)."""

    id: int | None
    item_id: int
    unit_id: int
    attributes: Attributes
    version: int
    created_at: datetime
    updated_at: datetime
    usable: bool = True
    """Whether the client may use the group of its unit."""
    was_default: bool = False
    """Whether it is the item's default in the database."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a row did, and how its item-unit stood right after."""

    action: str
    item: KnownItem
    unit: KnownUnit
    item_unit: ItemUnit
    attributes: Attributes
    updated_at: datetime


class KnownItemUnits:
    """The item-units that matter to a request, as they stand after each row."""

    def __init__(
        self,
        items: Iterable[KnownItem],
        units: Iterable[KnownUnit],
        stored: Iterable[ItemUnit],
        now: datetime,
    ) -> None:
        self.now = now
        self.items = {item.reference: item for item in items}
        self.units: dict[str, list[KnownUnit]] = defaultdict(list)
        for unit in units:
            self.units[unit.reference].append(unit)
        self.by_pair = {(kept.item_id, kept.unit_id): kept for kept in stored}
        self.defaults = {
            kept.item_id: kept for kept in self.by_pair.values() if kept.attributes["is_default"]
        }
        self.created: list[ItemUnit] = []
        self.touched: dict[int, ItemUnit] = {}

    @property
    def updated(self) -> Sequence[ItemUnit]:
        """The stored item-units that rows changed."""
        return [kept for kept in self.touched.values() if kept.id is not None]

    def take(self, row: ManyRow, options: Options) -> Step | ApiError:
        """Answer what ``row`` does, and do it here."""
        item, units = self.items.get(row.item), self.units.get(row.unit, [])
        if item is None:
            return ItemNotFound(row.named["itemId"])
        if not units:
            return UnitNotFound(row.named["unitId"])
        if len(units) > 1:
            return AmbiguousReference()
        return self.decide(row, options, item, units[0])

    def decide(
        self, row: ManyRow, options: Options, item: KnownItem, unit: KnownUnit
    ) -> Step | ApiError:
        """Let the rules decide on the pair and keep what they say."""
        kept = self.by_pair.get((item.id, unit.id))
        default = self.defaults.get(item.id)
        decision = decide(row.change, stand_in(kept, default), options)
        if isinstance(decision, ApiError):
            return decision
        if decision.demote is not None and default is not None:
            self.change(default, {**default.attributes, "is_default": False})
        if kept is None:
            kept = ItemUnit(None, item.id, unit.id, {}, 1, self.now, self.now)
            self.by_pair[item.id, unit.id] = kept
            self.created.append(kept)
        if decision.action != "unchanged":
            self.change(kept, decision.attributes)
        return Step(decision.action, item, unit, kept, decision.attributes, kept.updated_at)

    def change(self, kept: ItemUnit, attributes: Attributes) -> None:
        """Make ``kept`` stand as ``attributes`` say."""
        if kept.id is not None and id(kept) not in self.touched:
            kept.version += 1
        kept.attributes, kept.updated_at = attributes, self.now
        self.touched[id(kept)] = kept
        if attributes["is_default"]:
            self.defaults[kept.item_id] = kept
        elif self.defaults.get(kept.item_id) is kept:
            del self.defaults[kept.item_id]


def stand_in(kept: ItemUnit | None, default: ItemUnit | None) -> Stored:
    """Answer what the rules need; they tell item-units apart by id, which new ones do not have yet."""
    stored = Stored() if kept is None else Stored(id(kept), kept.attributes, kept.version)
    if default is None:
        return stored
    return replace(stored, default_id=id(default), default_usable=default.usable)
