"""Idempotency keys: what a client's request was answered, for one that is sent again.

Revision: 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("organization_id", BIG, nullable=False),
        sa.Column("client_id", BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", sa.JSON()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "client_id", "key", name="pk_idempotency_keys"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_idempotency_keys_organizations"
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_idempotency_keys_clients"),
    )
    op.create_index(
        "ix_idempotency_keys_created_at", "idempotency_keys", ["organization_id", "created_at"]
    )


def downgrade() -> None:
    op.drop_table("idempotency_keys")
