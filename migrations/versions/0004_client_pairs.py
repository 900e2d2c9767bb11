"""A grant refers to its client by the pair (organization, client).

Revision: 0004.

Until now nothing but our own code kept a grant from naming a client of another organization. The pair
gets a unique index, since a foreign key must refer to one; it also serves what
ix_clients_organization_id served. It is an index and no constraint, because for a constraint SQLite
would have to make the table anew, and cannot drop one that others refer to.
"""

from alembic import op

revision = "0004"
down_revision = "0001"

PAIR = ["organization_id", "id"]


def upgrade() -> None:
    op.create_index("uq_clients_organization_id_id", "clients", PAIR, unique=True)
    op.drop_index("ix_clients_organization_id", "clients")
    with op.batch_alter_table("grants") as grants:
        grants.drop_constraint("fk_grants_clients", type_="foreignkey")
        grants.create_foreign_key(
            "fk_grants_clients", "clients", ["organization_id", "client_id"], PAIR
        )


def downgrade() -> None:
    with op.batch_alter_table("grants") as grants:
        grants.drop_constraint("fk_grants_clients", type_="foreignkey")
        grants.create_foreign_key("fk_grants_clients", "clients", ["client_id"], ["id"])
    op.create_index("ix_clients_organization_id", "clients", ["organization_id"])
    op.drop_index("uq_clients_organization_id_id", "clients")
