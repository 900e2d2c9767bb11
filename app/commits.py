"""A COMMIT that lost something on the way must not pass for one that did not.

Citus may answer a COMMIT with success and a mere warning though the node that holds the rows has died:
seen with 13.2 where a row is locked first and others are inserted by INSERT .. SELECT afterwards, as the
bulk upsert does. Ours: docs/decisions.md; shown by ``tests_citus``.
"""

from typing import Any

import psycopg
from sqlalchemy import Engine, event

LOST = "failed to commit transaction on"
"""How Citus' warning begins; a node's address follows."""

WARNINGS = "warnings of lost nodes"


def heed_warnings(engine: Engine) -> None:
    """Make a COMMIT through ``engine`` fail where the server warns that a node did not commit.

    It then raises ``OperationalError`` as if the connection had broken: the outcome is unknown.
    """
    commit = engine.dialect.do_commit

    def commit_and_heed(connection: Any) -> None:
        told: list[str] = connection.info[WARNINGS]
        told.clear()
        commit(connection)
        if told:
            raise psycopg.OperationalError("a node failed to commit")

    @event.listens_for(engine, "connect")
    def listen(connection: psycopg.Connection, record: Any) -> None:
        """Keep the warnings of a new connection where its COMMIT looks for them."""
        told: list[str] = record.info.setdefault(WARNINGS, [])

        def note(notice: psycopg.errors.Diagnostic) -> None:
            if (notice.message_primary or "").startswith(LOST):
                told.append(notice.message_primary or "")

        connection.add_notice_handler(note)

    setattr(engine.dialect, "do_commit", commit_and_heed)  # noqa: B010 - a method, for this engine only
