"""The smaller scenes of the tour: what must be refused, dry runs, atomic requests and item-units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any, NamedTuple

from demo.client import Answer, Client
from demo.report import Report, Tally

GROUP = "north-tower"
Row = dict[str, Any]

HARBOUR = {
    "address_line_1": "12 Harbour Street",
    "address_line_2": "Apt 4",
    "city": "Portland",
    "state": "ME",
    "postal_code": "04101",
    "country": "US",
}
SAME_HARBOUR = HARBOUR | {"address_line_1": "12 HARBOUR ST.", "address_line_2": "# 4"}
NEXT_DOOR = HARBOUR | {"address_line_2": "Apt 5"}


@dataclass(frozen=True, slots=True)
class Stage:
    """A client and the report on what it is answered."""

    client: Client
    report: Report

    def post(
        self, what: str, rows: Sequence[Row], expected: Tally, query: str = "", status: int = 200
    ) -> Answer:
        """Post ``rows`` as units of the group and compare what became of them."""
        body = {"group_external_ref": GROUP, "units": rows}
        answer = self.client.post(f"/units/multiple{query}", body)
        if answer.status != status:
            raise SystemExit(f"{what}: {answer.status}, expected {status}: {answer.body}")
        self.report.compare_tally(what, answer.body, expected)
        return answer


NEW = Tally(created=1)


class Refusal(NamedTuple):
    """A row of a request that is full of faults, and the error it must meet (None: it is fine)."""

    row: Row
    error: str | None


FAULTY_ROWS = (
    Refusal({"identifier": "B-1", "address": HARBOUR}, None),
    Refusal({"identifier": "B-2", "address": HARBOUR | {"latitude": 91}}, "invalid_unit"),
    Refusal({"name": "neither identifier nor address"}, "insufficient_data"),
    Refusal({"identifer": "B-4", "address": NEXT_DOOR}, "invalid_unit"),
    Refusal({"identifier": "B-5", "number_of_bedrooms": "2"}, "invalid_unit"),
    # The door of B-1 again, with an identifier of its own.
    Refusal({"identifier": "B-6", "address": SAME_HARBOUR}, "identity_conflict"),
    # The next door is created, then moved onto B-1's: from then on that address is a guess.
    Refusal({"identifier": "B-7", "address": NEXT_DOOR}, None),
    Refusal({"identifier": "B-7", "address": SAME_HARBOUR}, None),
    Refusal({"address": HARBOUR}, "ambiguous_address"),
)


def post_faulty(stage: Stage) -> list[Row]:
    """Post rows of which most must fail, each for its own reason; answer what became of each."""
    expected = Tally(created=2, updated=1, refused=6, by_identifier=1)
    rows = [faulty.row for faulty in FAULTY_ROWS]
    answered: list[Row] = stage.post("good rows among bad ones", rows, expected).body["units"]
    return answered


def show_refused(stage: Stage, answered: Sequence[Row]) -> None:
    """Show why each bad row was refused."""
    for row, faulty in zip(answered, FAULTY_ROWS, strict=True):
        error = None if row["success"] else row["error"]["type"]
        if error or faulty.error:
            reason = shorten(row["failure_reason"], 54, placeholder=" …")
            stage.report.compare(reason, error, faulty.error)


def try_dry_runs(stage: Stage) -> None:
    """Post a new and a changed unit twice as a dry run: the second finds nothing of the first."""
    rows = [{"identifier": "C-1"}, {"identifier": "B-1", "name": "Harbour flat"}]
    expected = Tally(created=1, updated=1, by_identifier=1)
    stage.post("dry run of a new and a changed unit", rows, expected, "?dry_run=true")
    stage.post("once more, for nothing was written", rows, expected, "?dry_run=true")


def post_atomic(stage: Stage) -> None:
    """Post a good and a bad row that want to be written together, or not at all."""
    good, bad = {"identifier": "D-1"}, {"identifier": "D-2", "has_flex_wall": 1}
    both = Tally(refused=1, skipped=1)
    stage.post("atomic, a good and a bad row: 422", [good, bad], both, "?atomic=true", 422)
    stage.post("dry run of the good one: still unknown", [good], NEW, "?dry_run=true")
    stage.post("atomic, the good one alone", [good], NEW, "?atomic=true")


class Call(NamedTuple):
    """One upsert of an item-unit and what must come of it: ``Upsert-Result``, or the error."""

    what: str
    item: str
    unit: str
    body: Row
    status: int
    outcome: str
    query: str = ""


LAPTOP = "eliteBook_820"
CALLS = (
    Call("four laptops, the default unit", LAPTOP, "A-0001",
         {"quantity": 4, "isDefault": True}, 201, "created"),
    Call("the same once more", LAPTOP, "A-0001",
         {"quantity": 4, "isDefault": True}, 201, "unchanged"),
    Call("twelve elsewhere, with a GS1-128 barcode", LAPTOP, "A-0002",
         {"quantity": 12, "barcode": "(10)45566(17)161231"}, 201, "created"),
    Call("another quantity", LAPTOP, "A-0002",
         {"quantity": 24}, 201, "updated"),
    Call("a second default unit", LAPTOP, "A-0003",
         {"quantity": 1, "isDefault": True}, 400, "is_default_error"),
    Call("the default unit transferred", LAPTOP, "A-0002",
         {"quantity": 24, "isDefault": True}, 201, "updated", "?default=transfer"),
    Call("sold by five, not unpacked", LAPTOP, "A-0003",
         {"quantity": 10, "salesQuantity": 5}, 400, "refused_value"),
    Call("sold by five, unpacked", LAPTOP, "A-0003",
         {"quantity": 10, "salesQuantity": 5, "unpacking": True}, 201, "created"),
    Call("no word on the first default unit", "bracelet-GRP09062", "A-0001",
         {"quantity": 1}, 400, "missing_param"),
    Call("a quantity of none", LAPTOP, "A-0001",
         {"quantity": 0}, 400, "invalid_param_type"),
    Call("an unknown field", LAPTOP, "A-0001",
         {"quantity": 1, "colour": "red"}, 400, "unknown_param"),
    Call("no such day", LAPTOP, "A-0001",
         {"quantity": 1, "expirationDate": "2026-02-30"}, 400, "date_validation_error"),
    Call("an item that is not there", "unknown", "A-0001",
         {"quantity": 1}, 404, "not_found"),
    Call("a unit that is not there", LAPTOP, "A-9999",
         {"quantity": 1}, 404, "not_found"),
)  # fmt: skip


def keep_items(stage: Stage) -> None:
    """Keep items in some of the units that were created from addresses."""
    for call in CALLS:
        path = f"/itemUnits/reference/{call.item}/{call.unit}{call.query}"
        answer = stage.client.post(path, call.body)
        seen = f"{answer.status} {read_outcome(answer)}"
        stage.report.compare(call.what, seen, f"{call.status} {call.outcome}")
        if "barcode" in call.body:
            day = answer.body.get("expirationDate")
            stage.report.compare("its expiry date, from the barcode", day, "2016-12-31")


def read_outcome(answer: Answer) -> str:
    """Answer what came of an upsert: the header of a success, or the code of an error."""
    headers: Mapping[str, str] = {name.lower(): text for name, text in answer.headers.items()}
    return headers.get("upsert-result") or str(answer.body.get("error"))
