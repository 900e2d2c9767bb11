"""The judge of the fault tests is itself tried: every kind of violation, injected, is caught."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from tests_faults.history import FAILED, OK, UNKNOWN, History, Read, Stored, Write, end, judge

Rows = dict[str, Stored]
Fault = Callable[[Random, History, Rows], list[Stored]]
"""Breaks a promise in a good history; answers what is then stored."""


def a_good_history(seed: int) -> tuple[History, Rows]:
    """Answer what a right service would have answered to 300 batches, and would have stored.

    A batch has three keys that all share and one of its own. Every write takes effect at one moment
    between its start and its end.
    """
    random, history, rows = Random(seed), History(), {}
    for moment in range(0, 3000, 10):
        keys = [f"shared-{n}" for n in random.sample(range(8), 3)] + [f"own-{moment}"]
        values = {key: f"{key} at {moment}" for key in keys}
        batch = history.invoke(moment % 8, values, moment - random.uniform(0, 40))
        outcome = random.choices((OK, UNKNOWN, FAILED), (8, 2, 1))[0]
        if outcome == OK or (outcome == UNKNOWN and random.random() < 0.5):
            for key, value in values.items():
                rows[key] = Stored(key, rows[key].version + 1 if key in rows else 1, value)
        made = {key: rows[key].version for key in keys} if outcome == OK else {}
        end(batch, outcome, moment + random.uniform(0, 40), made)
        if not rows:
            continue
        seen = rows[random.choice(sorted(rows))]
        history.reads.append(Read(1, seen.key, moment, moment + 5, seen.version, seen.value))
    return history, rows


def pick(random: Random, history: History, *outcomes: str, shared: bool = True) -> Write:
    """Answer a write of a key that several batches wrote, or of one that is its batch's own."""
    prefix = "shared" if shared else "own"
    return random.choice(
        [w for w in history.writes if w.outcome in outcomes and w.key.startswith(prefix)]
    )


def two_of_one_key(random: Random, history: History) -> tuple[Write, Write]:
    """Answer two acknowledged writes of a key, the later one second."""
    one = pick(random, history, OK)
    others = [w for w in history.writes if w.key == one.key and w.outcome == OK and w is not one]
    return tuple(sorted((one, random.choice(others)), key=lambda w: w.version))


def same_version_twice(random: Random, history: History, rows: Rows) -> list[Stored]:
    first, second = two_of_one_key(random, history)
    first.version = second.version
    return list(rows.values())


def an_update_is_not_there(random: Random, history: History, rows: Rows) -> list[Stored]:
    key = pick(random, history, OK).key
    acknowledged = sum(w.key == key and w.outcome == OK for w in history.writes)
    return list({**rows, key: rows[key]._replace(version=acknowledged - 1)}.values())


def a_row_is_gone(random: Random, history: History, rows: Rows) -> list[Stored]:
    rows.pop(pick(random, history, OK, shared=random.random() < 0.5).key)
    return list(rows.values())


def a_row_is_there_twice(random: Random, _history: History, rows: Rows) -> list[Stored]:
    return [*rows.values(), rows[random.choice(sorted(rows))]]


def a_row_is_older_than_was_answered(random: Random, history: History, rows: Rows) -> list[Stored]:
    key = pick(random, history, OK).key
    newest = max(w.version for w in history.writes if w.key == key)
    return list({**rows, key: rows[key]._replace(version=newest - 1)}.values())


def two_answers_in_the_wrong_order(random: Random, history: History, rows: Rows) -> list[Stored]:
    first, second = two_of_one_key(random, history)
    first.invoked, first.ended = second.ended + 1, second.ended + 2
    return list(rows.values())


def a_read_shows_the_past(random: Random, history: History, rows: Rows) -> list[Stored]:
    first, second = two_of_one_key(random, history)
    late = Read(3, first.key, second.ended + 1, second.ended + 2, first.version, first.value)
    history.reads.append(late)
    return list(rows.values())


def a_row_that_nobody_wrote(random: Random, _history: History, rows: Rows) -> list[Stored]:
    return [*rows.values(), Stored(f"ghost-{random.random()}", 1, "boo")]


def a_write_that_nobody_sent(random: Random, history: History, rows: Rows) -> list[Stored]:
    key = pick(random, history, OK).key
    sent = sum(w.key == key for w in history.writes)
    return list({**rows, key: rows[key]._replace(version=sent + 1)}.values())


def half_of_an_unknown_batch(random: Random, history: History, rows: Rows) -> list[Stored]:
    """Of a batch without an answer, its own row is there, and a shared one has not been counted."""
    own = pick(random, history, UNKNOWN, shared=False)
    if own.key in rows:
        del rows[own.key]
        other = next(w for w in history.writes if w.batch == own.batch)
        rows[other.key] = rows[other.key]._replace(value=other.value)
    else:
        rows[own.key] = Stored(own.key, 1, own.value)
    return list(rows.values())


def one_of_two_rows_of_its_own(random: Random, history: History, rows: Rows) -> list[Stored]:
    own = pick(random, history, UNKNOWN, shared=False)
    twin = replace(own, key=f"{own.key}-twin", value=f"{own.value}-twin")
    history.writes.append(twin)
    if own.key not in rows:
        rows[twin.key] = Stored(twin.key, 1, twin.value)
    return list(rows.values())


def a_failed_write_is_stored(random: Random, history: History, rows: Rows) -> list[Stored]:
    failed = pick(random, history, FAILED)
    rows[failed.key] = rows[failed.key]._replace(value=failed.value)
    return list(rows.values())


def a_failed_row_exists(random: Random, history: History, rows: Rows) -> list[Stored]:
    failed = pick(random, history, FAILED, shared=False)
    return [*rows.values(), Stored(failed.key, 1, failed.value)]


def a_failed_write_was_shown(random: Random, history: History, rows: Rows) -> list[Stored]:
    failed = pick(random, history, FAILED)
    history.reads.append(Read(3, failed.key, 4000, 4001, rows[failed.key].version, failed.value))
    return list(rows.values())


def another_value_is_stored(random: Random, history: History, rows: Rows) -> list[Stored]:
    key = pick(random, history, OK).key
    return list({**rows, key: rows[key]._replace(value="another")}.values())


def another_value_was_shown(random: Random, history: History, rows: Rows) -> list[Stored]:
    first, second = two_of_one_key(random, history)
    shown = Read(3, first.key, second.invoked, second.ended, second.version, first.value)
    history.reads.append(shown)
    return list(rows.values())


FAULTS = {
    same_version_twice: "lost_update",
    an_update_is_not_there: "lost_update",
    a_row_is_gone: "lost_row",
    a_row_is_there_twice: "duplicate",
    a_row_is_older_than_was_answered: "went_back",
    two_answers_in_the_wrong_order: "went_back",
    a_read_shows_the_past: "went_back",
    a_row_that_nobody_wrote: "phantom",
    a_write_that_nobody_sent: "phantom",
    half_of_an_unknown_batch: "half_batch",
    one_of_two_rows_of_its_own: "half_batch",
    a_failed_write_is_stored: "failed_visible",
    a_failed_row_exists: "failed_visible",
    a_failed_write_was_shown: "failed_visible",
    another_value_is_stored: "wrong_value",
    another_value_was_shown: "wrong_value",
}


@pytest.mark.parametrize("seed", range(20))
def test_a_good_history_has_no_violation(seed: int) -> None:
    history, rows = a_good_history(seed)

    assert judge(history, rows.values()) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_every_injected_fault_is_caught_under_its_name(fault: Fault) -> None:
    for seed in range(20):
        history, rows = a_good_history(seed)
        stored = fault(Random(seed), history, rows)

        assert FAULTS[fault] in {violation.kind for violation in judge(history, stored)}, seed
