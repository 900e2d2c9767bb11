"""Which row of a stream named which unit by its identifier, for streams of any length.

The guard of ``identity_conflict`` (CONTRACT 4.3) looks back over the whole request, and a stream is
written in chunks that remember nothing. A million claims do not belong in memory, so they are kept in a
temporary database on disk that vanishes with the request.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from types import TracebackType

import orjson

from app.units.matching import Plan, Reject


class Claims:
    """A map from unit ids to the latest row that claimed them."""

    def __init__(self) -> None:
        self.rows = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self.rows.execute("PRAGMA journal_mode=OFF")
        self.rows.execute("CREATE TABLE claims (unit INTEGER PRIMARY KEY, row INTEGER NOT NULL)")

    def __enter__(self) -> "Claims":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.rows.close()

    def find(self, units: Iterable[int]) -> Mapping[int, int]:
        """Answer the row that claimed each of ``units``, where one did."""
        wanted = orjson.dumps(list(units)).decode()
        query = "SELECT unit, row FROM claims WHERE unit IN (SELECT value FROM json_each(?))"
        return dict(self.rows.execute(query, [wanted]))

    def note(self, planned: Plan) -> None:
        """Remember which rows of a plan that was carried out claimed which units."""
        claims = (
            (step.unit.id, step.unit.claimed_by)
            for step in planned.steps
            if not isinstance(step, Reject)
            and step.unit.id is not None
            and step.unit.claimed_by is not None
        )
        self.rows.execute("BEGIN")
        self.rows.executemany("INSERT OR REPLACE INTO claims VALUES (?, ?)", claims)
        self.rows.execute("COMMIT")
