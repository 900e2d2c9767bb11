"""Making stored address keys anew after the recipe has changed: ``flask --app wsgi rekey``.

Batch by batch, each in a transaction of its own under the group's lock, while the service goes on: the
upsert matches keys of every recipe. What is done stays done, and another run goes on with what is stale.
Source: CONTRACT 4.4.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from app import bulk
from app.accounts.auth import Caller
from app.accounts.models import Organization
from app.accounts.service import GroupKey, lock_group
from app.db import AnyRow, AnySelect, db, reading, transactional
from app.units.addresses import RECIPE, canonical_text
from app.units.queries import COLUMNS, IS_CURRENT, STALE, TABLE, attributes_from
from app.units.rows import Attributes, key_of

BATCH = 1000
"""Units in one transaction; more only where more of them share one old key."""

HAS_KEY = TABLE.c.address_key.is_not(None)
Place = tuple[int, str, int]
"""Where a walk over stale units stands: recipe, key, id."""


@dataclass(frozen=True, slots=True)
class GroupToRekey:
    """A group, and how many of its units have keys of another recipe."""

    caller: Caller
    group_id: int
    stale: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction did: units by their new keys, and where more share one than did before.

    ``examples`` are the attributes of one unit of each new key.
    """

    size: int
    place: Place | None
    renewed: Mapping[str, Sequence[int]]
    coincide: Mapping[str, Iterable[int]]
    examples: Mapping[str, Attributes]


@dataclass(slots=True)
class Report:
    """What a run has done so far. ``coincide`` holds units of one group that newly share a key."""

    rekeyed: int = 0
    coincide: list[dict[str, Any]] = field(default_factory=list)


def find_groups() -> list[GroupToRekey]:
    """Answer every group that has stale keys, organization by organization."""
    with reading() as session:
        organizations = session.execute(
            select(Organization.id, Organization.name).order_by(Organization.id)
        ).all()
        return [
            GroupToRekey(Caller(found.id, found.name, 0, True), group_id, stale)
            for found in organizations
            for group_id, stale in session.execute(_count_stale(found.id))
        ]


def rekey(
    groups: Iterable[GroupToRekey],
    report: Report,
    default_country: str,
    *,
    dry_run: bool = False,
    batch: int = BATCH,
) -> Iterator[int]:
    """Make the stale keys of ``groups`` anew and note it in ``report``; answers units done, bit by bit.

    With ``dry_run`` nothing is written, and the report is the same. Whoever stops asking stops the run
    between two transactions.
    """
    for group in groups:
        yield from _rekey_group(group, report, default_country, dry_run, batch)


def _rekey_group(
    group: GroupToRekey, report: Report, default_country: str, dry_run: bool, size: int
) -> Iterator[int]:
    place: Place | None = None
    earlier: dict[str, list[int]] = defaultdict(list)
    shown: dict[str, dict[str, Any]] = {}
    while True:
        if dry_run:
            with reading() as session:
                done = plan_batch(session, group, default_country, size, place)
        else:
            done = transactional(rekey_batch)(db.session(), group, default_country, size)
        if not done.size:
            return
        place = done.place
        report.rekeyed += done.size
        for key, ids in done.renewed.items():
            if key in done.coincide or key in earlier:
                if key not in shown:
                    shown[key] = _entry(group, done.examples[key], default_country)
                    report.coincide.append(shown[key])
                together = {*shown[key]["units"], *done.coincide.get(key, ()), *earlier[key], *ids}
                shown[key]["units"] = sorted(together)
            earlier[key] += ids
        yield done.size


def _entry(group: GroupToRekey, unit: Attributes, default_country: str) -> dict[str, Any]:
    text = canonical_text(unit["address"], unit["unit_number"], default_country)
    return {
        "organization": group.caller.organization,
        "group_id": group.group_id,
        "address": text,
        "units": [],
    }


def rekey_batch(session: Session, group: GroupToRekey, default_country: str, size: int) -> Batch:
    """Make the next stale keys of the group anew, under its lock: no writer of it comes between.

    Neither ``version`` nor ``updated_at`` is touched: nothing changed that a client can see.
    """
    lock_group(session, group.caller, GroupKey(id=group.group_id))
    rows = _load_stale(session, group, size, None)
    batch = _plan(session, group, rows, default_country)
    new = {unit_id: key for key, ids in batch.renewed.items() for unit_id in ids}
    written = [
        {
            "id": row.id,
            "address_key": new.get(row.id),
            "address_recipe": RECIPE if row.id in new else None,
        }
        for row in rows
    ]
    bulk.update_rows(session, TABLE, group.caller.organization_id, written)
    return batch


def plan_batch(
    session: Session, group: GroupToRekey, default_country: str, size: int, place: Place | None
) -> Batch:
    """Answer what ``rekey_batch`` would do to the stale units after ``place``, and do nothing."""
    return _plan(session, group, _load_stale(session, group, size, place), default_country)


def _plan(
    session: Session, group: GroupToRekey, rows: Sequence[AnyRow], default_country: str
) -> Batch:
    """Decide on ``rows``, which hold all units of each old key that is among them.

    So two units of a batch shared a key before only if their old keys are equal, and a unit of the batch
    shared none with a unit outside.
    """
    renewed: dict[str, list[int]] = defaultdict(list)
    old: dict[str, set[tuple[int, str]]] = defaultdict(set)
    examples: dict[str, Attributes] = {}
    for row in rows:
        attributes = attributes_from(row)
        key = key_of(attributes, default_country)
        if key is not None:
            renewed[key].append(row.id)
            old[key].add((row.address_recipe, row.address_key))
            examples[key] = attributes
    coincide = {key: set(renewed[key]) for key, before in old.items() if len(before) > 1}
    for unit_id, key in _load_current(session, group, renewed):
        coincide.setdefault(key, set()).add(unit_id)
    last = rows[-1] if rows else None
    place = last and (last.address_recipe, last.address_key, last.id)
    return Batch(len(rows), place, renewed, coincide, examples)


def _in_group(group: GroupToRekey) -> ColumnElement[bool]:
    return and_(
        TABLE.c.organization_id == group.caller.organization_id,
        TABLE.c.group_id == group.group_id,
    )


def _count_stale(organization_id: int) -> AnySelect:
    group_id = TABLE.c.group_id
    return (
        select(group_id, func.count())
        .where(TABLE.c.organization_id == organization_id, or_(*STALE), HAS_KEY)
        .group_by(group_id)
        .order_by(group_id)
    )


def _load_stale(
    session: Session, group: GroupToRekey, size: int, place: Place | None
) -> list[AnyRow]:
    """Answer the next ``size`` stale units in order of their old keys, and the rest of the last key."""
    position = (TABLE.c.address_recipe, TABLE.c.address_key, TABLE.c.id)
    rows: list[AnyRow] = []
    for condition in STALE:
        wanted = select(*COLUMNS).where(_in_group(group), condition, HAS_KEY).order_by(*position)
        if place is not None:
            wanted = wanted.where(tuple_(*position) > tuple_(*place))
        if not rows:
            rows = list(session.execute(wanted.limit(size)))
    if len(rows) == size:
        recipe, key, last = rows[-1].address_recipe, rows[-1].address_key, rows[-1].id
        same = and_(TABLE.c.address_recipe == recipe, TABLE.c.address_key == key)
        more = select(*COLUMNS).where(_in_group(group), same, TABLE.c.id > last)
        rows += session.execute(more.order_by(TABLE.c.id))
    return rows


def _load_current(session: Session, group: GroupToRekey, keys: Iterable[str]) -> Iterable[AnyRow]:
    """Answer id and key of the group's units that have one of ``keys`` by today's recipe."""
    return session.execute(
        select(TABLE.c.id, TABLE.c.address_key).where(
            _in_group(group), IS_CURRENT, bulk.is_one_of(session, TABLE.c.address_key, keys)
        )
    )
