"""``make demo``: a fresh server, 1,055 real addresses, and every figure held against the expected one.

What is expected is worked out here, from the addresses and ``same_doors.py``, and never from an answer
of the service. Leaves nothing behind, and its exit status is 0 only if all was as expected.
"""

import json
import secrets
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from demo import scenes
from demo.client import log_in
from demo.commands import CommandFailed, describe_organization, migrate, provision
from demo.report import Report, Tally
from demo.respell import respell
from demo.same_doors import FIRST_LINE, SAME_DOORS, on_one_line
from demo.scenes import Stage
from demo.server import NotReady, fresh_environment, running

ADDRESSES = Path(__file__).with_name("addresses_us.ndjson")
CLIENT_ID = "tour-client"
Row = dict[str, Any]


def main() -> int:
    """Take the tour; answer the exit status."""
    signal.signal(signal.SIGTERM, leave)
    with tempfile.TemporaryDirectory(prefix="unit-registry-tour-") as folder:
        environment = fresh_environment(Path(folder))
        secret = secrets.token_urlsafe(32)
        items = ("eliteBook_820", "bracelet-GRP09062")
        try:
            migrate(environment)
            provision(
                environment,
                describe_organization("tour", (scenes.GROUP,), items, CLIENT_ID, secret),
            )
            with running(environment, Path(folder) / "server.log") as url:
                print(f"The Unit Registry on {url}, with an empty SQLite file.")
                return take_tour(Stage(log_in(url, CLIENT_ID, secret), Report()))
        except (CommandFailed, NotReady) as error:
            print(error, file=sys.stderr)
            return 1


def leave(_number: int, _frame: FrameType | None) -> None:
    """End as an exception does, so that the server is stopped on the way out."""
    sys.exit(1)


def take_tour(stage: Stage) -> int:
    """Play every scene and answer the exit status."""
    addresses = [json.loads(line)["address"] for line in ADDRESSES.read_text().splitlines()]
    report = stage.report
    report.begin("Units", with_columns=True)
    written = post_as_written(stage, addresses)
    respelt = post_respelt(stage, addresses)
    faulty = scenes.post_faulty(stage)
    scenes.try_dry_runs(stage)
    scenes.post_atomic(stage)
    report.begin("Which lines are the same door")
    check_table(report, addresses)
    check_same_doors(report, written)
    check_respelt(report, addresses, respelt)
    report.begin("Why the other rows were refused")
    scenes.show_refused(stage, faulty)
    report.begin("Item-units")
    scenes.keep_items(stage)
    return report.finish()


def check_table(report: Report, addresses: list[Row]) -> None:
    """Hold the table of same doors against the lines it names: a slip there must show up here."""
    named = [
        (number, text)
        for pair in SAME_DOORS
        for number, text in ((pair.first, pair.first_spelling), (pair.later, pair.later_spelling))
    ]
    wrong = [
        f"line {number} is not {text!r}"
        for number, text in named
        if on_one_line(addresses[number - 1]) != text
    ]
    report.compare_each("quoted rightly in same_doors.py", len(named) - len(wrong), wrong)


def name_unit(number: int) -> str:
    """Answer the identifier that the tour gives the unit on this line."""
    return f"A-{number:04}"


def post_as_written(stage: Stage, addresses: list[Row]) -> list[Row]:
    """Post every address twice; the later spelling of a door is refused each time.

    It comes with an identifier of its own, and so may not take over what an earlier row named.
    Answers what became of each line the first time.
    """
    rows = [
        {"identifier": name_unit(number), "address": address}
        for number, address in enumerate(addresses, 1)
    ]
    twice = len(SAME_DOORS)
    once = len(rows) - twice
    first = stage.post(
        f"{len(rows):,} addresses as people wrote them", rows, Tally(created=once, refused=twice)
    )
    again = Tally(unchanged=once, refused=twice, by_identifier=once)
    stage.post("the same once more", rows, again)
    answered: list[Row] = first.body["units"]
    return answered


def check_same_doors(report: Report, answered: list[Row]) -> None:
    """Hold the doors that the service found spelt twice against the table."""
    found = {
        row["index"] + 1: row["error"].get("conflicts_with", -1) + 1
        for row in answered
        if not row["success"]
    }
    missed = FIRST_LINE.items() - found.items()
    surplus = found.items() - FIRST_LINE.items()
    astray = [f"{later} and {first} were taken for two doors" for later, first in sorted(missed)]
    astray += [f"{later} and {first} were taken for one door" for later, first in sorted(surplus)]
    report.compare_each("second spellings refused", len(FIRST_LINE) - len(missed), astray)


def post_respelt(stage: Stage, addresses: list[Row]) -> list[Row]:
    """Post every address in other words and without an identifier; answer what became of each."""
    rows = respell_all(addresses)
    answer = stage.post("all in other words, no identifiers", rows, expect_respelt(rows))
    answered: list[Row] = answer.body["units"]
    return answered


def respell_all(addresses: list[Row]) -> list[Row]:
    """Answer every address in other words, flats moved and renamed in turn."""
    return [respell(address, number % 2) for number, address in enumerate(addresses)]


def check_respelt(report: Report, addresses: list[Row], answered: list[Row]) -> None:
    """Check that each respelt address found its own unit."""
    lines = zip(addresses, respell_all(addresses), answered, strict=True)
    astray = [
        f"line {number}: {on_one_line(address)} -> {on_one_line(sent['address'])}"
        for number, (address, sent, row) in enumerate(lines, 1)
        if row["identifier"] != name_unit(FIRST_LINE.get(number, number))
    ]
    report.compare_each("in other words found their own", len(answered) - len(astray), astray)


def expect_respelt(rows: list[Row]) -> Tally:
    """Answer what must become of the respelt rows.

    A later spelling of a door changes nothing where it is by now the same as the first one.
    """
    doors: dict[int, Row] = {}
    done: Counter[str] = Counter()
    for number, row in enumerate(rows, 1):
        door = FIRST_LINE.get(number, number)
        before = doors.get(door, {})
        doors[door] = before | row
        done["unchanged" if doors[door] == before else "updated"] += 1
    return Tally(updated=done["updated"], unchanged=done["unchanged"], by_address=len(rows))


if __name__ == "__main__":
    sys.exit(main())
