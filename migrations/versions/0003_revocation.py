"""Tokens revoked: all of a client's at once, or a single one.

Revision: 0003. Only adds what an older version does not look at, so both may run side by side.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("clients", sa.Column("tokens_valid_from", sa.DateTime()))
    op.create_table(
        "revoked_tokens",
        sa.Column("organization_id", BIG, nullable=False),
        sa.Column("client_id", BIG, nullable=False),
        sa.Column("token_id", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id", "client_id", "token_id", name="pk_revoked_tokens"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_revoked_tokens_organizations"
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_revoked_tokens_clients"),
    )


def downgrade() -> None:
    op.drop_table("revoked_tokens")
    op.drop_column("clients", "tokens_valid_from")
