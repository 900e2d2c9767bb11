"""What clients were told, judged against what is stored in the end. Pure.

Every write is recorded when it is sent (*invoked*) and again when its fate is known: ``OK`` (answered
as done, with the version that it made), ``FAILED`` (answered as not done, or never sent), or ``UNKNOWN``
(no answer, or one that promises nothing). A version begins at 1 and each write that takes effect adds 1,
so the versions of one key are the order in which its writes took effect.

A key that only one batch ever writes is a *witness*: it tells for certain whether the batch took effect.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

OK, FAILED, UNKNOWN = "ok", "failed", "unknown"


@dataclass(slots=True, eq=False)
class Write:
    """One row of one request; ``value`` is unlike that of any other write. Times are in seconds."""

    client: int
    batch: int
    key: str
    value: str
    invoked: float
    ended: float = math.inf
    outcome: str = UNKNOWN
    version: int = 0


class Read(NamedTuple):
    """What a client was shown of a key."""

    client: int
    key: str
    invoked: float
    ended: float
    version: int
    value: str


class Stored(NamedTuple):
    """A row as it stands in the end."""

    key: str
    version: int
    value: str


class Violation(NamedTuple):
    """A promise that was broken: which, for which key, and how."""

    kind: str
    key: str
    detail: str


@dataclass
class History:
    """All that was sent and answered; safe to be filled by many threads."""

    writes: list[Write] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    batches: Iterator[int] = field(default_factory=count)

    def invoke(self, client: int, values: Mapping[str, str], now: float) -> list[Write]:
        """Record a batch that is about to be sent: a value for each key."""
        number = next(self.batches)
        batch = [Write(client, number, key, value, now) for key, value in values.items()]
        self.writes += batch
        return batch


def end(batch: Iterable[Write], outcome: str, now: float, versions: Mapping[str, int]) -> None:
    """Record the fate of a batch; ``versions`` has those that were answered, by key."""
    for write in batch:
        write.outcome, write.ended = outcome, now
        write.version = versions.get(write.key, 0)


def judge(history: History, stored: Iterable[Stored]) -> list[Violation]:
    """Answer every broken promise; an empty list is what everybody hopes for.

    Kinds: ``lost_update``, ``lost_row``, ``duplicate``, ``went_back``, ``phantom``, ``half_batch``,
    ``failed_visible``, ``wrong_value``.
    """
    rows: dict[str, Stored] = {}
    found: list[Violation] = []
    for row in stored:
        if row.key in rows:
            found.append(Violation("duplicate", row.key, f"{rows[row.key]} and {row}"))
        rows[row.key] = row
    by_key: dict[str, list[Write]] = defaultdict(list)
    for write in history.writes:
        by_key[write.key].append(write)
    reads: dict[str, list[Read]] = defaultdict(list)
    for read in history.reads:
        reads[read.key].append(read)
    applied, halves = judge_batches(history.writes, by_key, rows)
    found += halves
    found += [Violation("phantom", key, "nobody wrote it") for key in rows if key not in by_key]
    for key, writes in by_key.items():
        found += judge_key(key, writes, rows.get(key), applied)
        found += judge_order(key, writes, reads[key])
        found += judge_values(key, writes, reads[key])
    return found


def judge_batches(
    writes: Iterable[Write], by_key: Mapping[str, list[Write]], rows: Mapping[str, Stored]
) -> tuple[dict[int, bool], list[Violation]]:
    """Answer which of the unknown batches took effect, where that is known, and the half ones."""
    unknown: dict[int, list[Write]] = defaultdict(list)
    for write in writes:
        if write.outcome == UNKNOWN:
            unknown[write.batch].append(write)
    applied: dict[int, bool] = {}
    found = []
    for number, batch in unknown.items():
        there = {w.key: w.key in rows for w in batch if len(by_key[w.key]) == 1}
        there |= {w.key: True for w in batch if w.key in rows and rows[w.key].value == w.value}
        if len(set(there.values())) > 1:
            found.append(Violation("half_batch", batch[0].key, f"of batch {number}: {there}"))
        if there:
            applied[number] = any(there.values())
    return applied, found


def judge_key(
    key: str, writes: list[Write], row: Stored | None, applied: Mapping[int, bool]
) -> Iterator[Violation]:
    """Yield what is wrong with the row that is stored for a key, or with its absence."""
    acknowledged = [write for write in writes if write.outcome == OK]
    by_version: dict[int, Write] = {}
    for write in acknowledged:
        if write.version in by_version:
            yield Violation("lost_update", key, f"{by_version[write.version]} and {write}")
        by_version[write.version] = write
    if row is not None:
        yield from judge_version(row, writes, len(acknowledged), applied)
        yield from judge_final_value(row, by_version, writes)
    elif acknowledged:
        yield Violation("lost_row", key, f"{len(acknowledged)} writes were acknowledged")


def judge_version(
    row: Stored, writes: list[Write], acknowledged: int, applied: Mapping[int, bool]
) -> Iterator[Violation]:
    """Yield what is wrong with the number of writes that a row has seen."""
    unknown = [write for write in writes if write.outcome == UNKNOWN]
    surely = sum(applied.get(write.batch, False) for write in unknown)
    perhaps = sum(applied.get(write.batch, True) for write in unknown)
    told = f"{row}: {acknowledged} acknowledged, {surely} to {perhaps} beside"
    if row.version < max(write.version for write in writes):
        yield Violation("went_back", row.key, told)
    if row.version < acknowledged:
        yield Violation("lost_update", row.key, told)
    elif row.version < acknowledged + surely:
        yield Violation("half_batch", row.key, told)
    elif row.version > acknowledged + perhaps:
        yield Violation("phantom", row.key, told)


def judge_final_value(
    row: Stored, by_version: Mapping[int, Write], writes: list[Write]
) -> Iterator[Violation]:
    """Yield what is wrong with the value that a row has in the end."""
    last = by_version.get(row.version)
    possible = [last] if last else [write for write in writes if write.outcome == UNKNOWN]
    writer = next((write for write in writes if write.value == row.value), None)
    if writer is not None and writer.outcome == FAILED:
        yield Violation("failed_visible", row.key, f"{writer}")
    elif row.value not in {write.value for write in possible}:
        yield Violation("wrong_value", row.key, f"{row}, but {last or 'nobody'} made it")


def judge_order(key: str, writes: list[Write], reads: list[Read]) -> Iterator[Violation]:
    """Yield what was answered later than a newer version had been: time that went back.

    Whoever is asked after an answer was given must know what that answer said.
    """
    known = [write for write in writes if write.outcome == OK]
    ended = sorted([(each.ended, each.version) for each in (*known, *reads)])
    newest, place = 0, 0
    for each in sorted((*known, *reads), key=lambda each: each.invoked):
        while place < len(ended) and ended[place][0] < each.invoked:
            newest = max(newest, ended[place][1])
            place += 1
        if each.version < newest + isinstance(each, Write):
            yield Violation("went_back", key, f"{each}, though version {newest} was known")


def judge_values(key: str, writes: list[Write], reads: list[Read]) -> Iterator[Violation]:
    """Yield the reads that showed what nobody wrote, what failed, or what another version had."""
    by_value = {write.value: write for write in writes}
    for read in reads:
        writer = by_value.get(read.value)
        if writer is None:
            yield Violation("wrong_value", key, f"{read}: nobody wrote that")
        elif writer.outcome == FAILED:
            yield Violation("failed_visible", key, f"{read} of {writer}")
        elif writer.outcome == OK and writer.version != read.version:
            yield Violation("wrong_value", key, f"{read} of {writer}")
