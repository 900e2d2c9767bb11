"""Grants, idempotency keys and revoked tokens refer to their client by the pair (organization, client).

Revision: 0004.

Until now nothing but our own code kept a row of one organization from naming a client of another. The
pair gets a unique index, since a foreign key must refer to one; it also serves what
ix_clients_organization_id served. It is an index and no constraint, because for a constraint SQLite
would have to make the table anew, and cannot drop one that others refer to.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

PAIR = ["organization_id", "id"]
TABLES = ("grants", "idempotency_keys", "revoked_tokens")


def upgrade() -> None:
    op.create_index("uq_clients_organization_id_id", "clients", PAIR, unique=True)
    op.drop_index("ix_clients_organization_id", "clients")
    for table in TABLES:
        refer(table, ["organization_id", "client_id"], PAIR)


def downgrade() -> None:
    for table in TABLES:
        refer(table, ["client_id"], ["id"])
    op.create_index("ix_clients_organization_id", "clients", ["organization_id"])
    op.drop_index("uq_clients_organization_id_id", "clients")


def refer(table: str, columns: list[str], target: list[str]) -> None:
    """Let the table refer to its clients by other columns."""
    name = f"fk_{table}_clients"
    with op.batch_alter_table(table) as changed:
        changed.drop_constraint(name, type_="foreignkey")
        changed.create_foreign_key(name, "clients", columns, target)
