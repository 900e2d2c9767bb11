"""How Alembic reaches the database: through the application's own engine."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from app.db import Base, db


def is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Leave out the keys that only SQLite needs: there an id alone is the primary key."""
    return not (kind == "unique_constraint" and (name or "").endswith("_organization_id_id"))


def run(connection: Connection) -> None:
    """Bring the schema where the command wants it, in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=is_ours,
        compare_type=True,
        render_as_batch=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # A statement may take its time on a large table; waiting for a lock may not.
            connection.execute(text("SELECT set_config('statement_timeout', '0', true)"))
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
elif current_app:
    with db.engine.connect() as connection:
        run(connection)
