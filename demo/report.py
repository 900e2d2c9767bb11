"""What the tour prints, and whether each figure is the expected one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

SHOWN = 20
"""How many rows that went astray are shown one by one."""


class Tally(NamedTuple):
    """What became of the rows of one request."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    skipped: int = 0
    by_identifier: int = 0
    by_address: int = 0


def tally(body: Mapping[str, Any]) -> Tally:
    """Count the rows of an answer; its own summary is left to ``Report.compare``."""
    done = Counter(row.get("action", "refused") for row in body["units"])
    matched = Counter(row.get("matched_by") for row in body["units"] if row["success"])
    actions = (done["created"], done["updated"], done["unchanged"], done["refused"])
    return Tally(*actions, done["skipped"], matched["identifier"], matched["address"])


class Report:
    """Prints what was seen, line by line, and remembers whether all of it was expected."""

    WIDTHS = tuple(len(name) for name in Tally._fields)

    def __init__(self) -> None:
        self.figures = 0
        self.faults: list[str] = []

    def begin(self, title: str, *, with_columns: bool = False) -> None:
        """Begin a section."""
        names = "  ".join(Tally._fields).replace("_", " ") if with_columns else ""
        print(f"\n{title:<58}{names}".rstrip())

    def compare_tally(self, what: str, body: Mapping[str, Any], expected: Tally) -> None:
        """Show what became of the rows in ``body``, and hold its summary against them."""
        seen = tally(body)
        counts = zip(seen, self.WIDTHS, strict=True)
        line = f"  {what:<56}" + "  ".join(f"{count or '.':>{width}}" for count, width in counts)
        faults = [
            f"{name}: {count}, expected {right}"
            for name, count, right in zip(Tally._fields, seen, expected, strict=True)
            if count != right
        ]
        if (summary := summarize(seen)) != body["summary"]:
            faults.append(f"its own summary says {body['summary']}, the rows say {summary}")
        self.figures += len(seen) + 1
        self.conclude(what, line, faults)

    def compare(self, what: str, seen: object, expected: object) -> None:
        """Show one figure and hold it against the expected one."""
        self.figures += 1
        faults = [] if seen == expected else [f"{seen}, expected {expected}"]
        self.conclude(what, f"  {what:<56}{seen}", faults)

    def compare_each(self, what: str, right: int, astray: Sequence[str]) -> None:
        """Show how many rows did what they should, and every one that did not."""
        self.figures += 1
        line = f"  {what:<56}{right} of {right + len(astray)}"
        more = [f"and {len(astray) - SHOWN} more"] if len(astray) > SHOWN else []
        self.conclude(what, line, [*astray[:SHOWN], *more])

    def conclude(self, what: str, line: str, faults: Sequence[str]) -> None:
        """Print ``line``, and below it what is wrong with it."""
        print(line)
        for fault in faults:
            print(f"    WRONG  {fault}")
        self.faults += [f"{what}: {fault}" for fault in faults]

    def finish(self) -> int:
        """Print the result and answer the exit status."""
        if not self.faults:
            print(f"\nAll {self.figures} figures are as expected.")
            return 0
        print(f"\n{len(self.faults)} faults in {self.figures} figures:")
        for fault in self.faults:
            print(f"  {fault}")
        return 1


def summarize(seen: Tally) -> dict[str, int]:
    """Answer the summary that an answer with these rows must have (CONTRACT 4.5)."""
    counts = {
        "created": seen.created,
        "updated": seen.updated,
        "unchanged": seen.unchanged,
        "failed": seen.refused,
    }
    return counts | ({"skipped": seen.skipped} if seen.skipped else {})
