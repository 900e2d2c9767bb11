"""Organizations, clients, groups, grants, items, units, item-units.

Revision: 0001, the first.

Every table of a tenant leads its keys with ``organization_id``. On PostgreSQL the primary key is
(organization_id, id), so that the tables can be distributed by organization; on SQLite an id must be
the primary key alone to be made by AUTOINCREMENT, and the pair is unique beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", BIG, sa.Identity(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
        sa.UniqueConstraint("name", name="uq_organizations_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "clients",
        sa.Column("id", BIG, sa.Identity(), primary_key=True),
        sa.Column("organization_id", BIG, nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String()),
        sa.Column("all_groups", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", sa.DateTime()),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
        sa.UniqueConstraint("client_id", name="uq_clients_client_id"),
        references("clients", ["organization_id"], "organizations", ["id"]),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_clients_organization_id", "clients", ["organization_id"])
    tenant_table(
        "groups",
        sa.Column("external_ref", sa.String(), nullable=False),
        sa.Column("name", sa.String()),
        *times(),
        references("groups", ["organization_id"], "organizations", ["id"]),
    )
    op.create_index(
        "uq_groups_external_ref", "groups", ["organization_id", "external_ref"], unique=True
    )
    op.create_table(
        "grants",
        sa.Column("organization_id", BIG, nullable=False),
        sa.Column("client_id", BIG, nullable=False),
        sa.Column("group_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "client_id", "group_id", name="pk_grants"),
        references("grants", ["organization_id", "group_id"], "groups", ["organization_id", "id"]),
        references("grants", ["client_id"], "clients", ["id"]),
    )
    tenant_table(
        "items",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        *times(),
        references("items", ["organization_id"], "organizations", ["id"]),
    )
    op.create_index("uq_items_reference", "items", ["organization_id", "reference"], unique=True)
    create_units()
    create_item_units()


def create_units() -> None:
    tenant_table(
        "units",
        sa.Column("group_id", BIG, nullable=False),
        *(
            sa.Column(name, sa.String())
            for name in ("identifier", "external_ref", "name", "unit_number")
        ),
        sa.Column("number_of_bedrooms", sa.Integer()),
        sa.Column("number_of_bathrooms", sa.Double()),
        sa.Column("sqft", sa.Double()),
        sa.Column("has_flex_wall", sa.Boolean()),
        sa.Column("bathrooms", sa.JSON()),
        *(
            sa.Column(name, sa.String())
            for name in (
                "building_name",
                "address_line_1",
                "address_line_2",
                "city",
                "state",
                "postal_code",
                "country",
            )
        ),
        sa.Column("latitude", sa.Double()),
        sa.Column("longitude", sa.Double()),
        sa.Column("address_key", sa.String()),
        sa.Column("address_recipe", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False),
        *times(),
        references("units", ["organization_id", "group_id"], "groups", ["organization_id", "id"]),
    )
    group = ["organization_id", "group_id"]
    op.create_index("uq_units_identifier", "units", [*group, "identifier"], unique=True)
    op.create_index("ix_units_address_key", "units", [*group, "address_recipe", "address_key"])
    op.create_index("ix_units_identifier", "units", ["organization_id", "identifier"])
    op.create_index("ix_units_updated_at", "units", ["organization_id", "updated_at", "id"])
    op.create_index("ix_units_group_updated_at", "units", [*group, "updated_at", "id"])


def create_item_units() -> None:
    tenant_table(
        "item_units",
        sa.Column("item_id", BIG, nullable=False),
        sa.Column("unit_id", BIG, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("sales_quantity", sa.Integer(), nullable=False),
        sa.Column("volume", sa.Double()),
        sa.Column("weight", sa.Double()),
        sa.Column("barcode", sa.String()),
        sa.Column("expiration_date", sa.Date()),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("default_display", sa.Boolean(), nullable=False),
        sa.Column("unpacking", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *times(),
        references(
            "item_units", ["organization_id", "item_id"], "items", ["organization_id", "id"]
        ),
        references(
            "item_units", ["organization_id", "unit_id"], "units", ["organization_id", "id"]
        ),
        sa.CheckConstraint("quantity > 0", name="ck_item_units_quantity"),
        sa.CheckConstraint("sales_quantity = 1 OR unpacking", name="ck_item_units_sales_quantity"),
    )
    op.create_index(
        "uq_item_units_pair", "item_units", ["organization_id", "item_id", "unit_id"], unique=True
    )
    op.create_index(
        "uq_item_units_default",
        "item_units",
        ["organization_id", "item_id"],
        unique=True,
        sqlite_where=sa.text("is_default = 1"),
        postgresql_where=sa.text("is_default"),
    )
    op.create_index("ix_item_units_unit", "item_units", ["organization_id", "unit_id"])
    op.create_index("ix_item_units_page", "item_units", ["organization_id", "id", "unit_id"])


def downgrade() -> None:
    for table in ("item_units", "units", "items", "grants", "groups", "clients", "organizations"):
        op.drop_table(table)


def tenant_table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """Create a table whose rows belong to an organization."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    pair = ("organization_id", "id")
    keys = (
        (
            sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
            sa.UniqueConstraint(*pair, name=f"uq_{name}_organization_id_id"),
        )
        if sqlite
        else (sa.PrimaryKeyConstraint(*pair, name=f"pk_{name}"),)
    )
    op.create_table(
        name,
        sa.Column("organization_id", BIG, nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        *parts,
        *keys,
        sqlite_autoincrement=True,
    )


def times() -> tuple[sa.Column, sa.Column]:
    """Answer the columns that say when a row was made and last changed (UTC, from the application)."""
    return (
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
    )


def references(
    table: str, columns: list[str], target: str, target_columns: list[str]
) -> sa.ForeignKeyConstraint:
    """Answer a foreign key named as the models' naming convention names it."""
    return sa.ForeignKeyConstraint(
        columns, [f"{target}.{column}" for column in target_columns], name=f"fk_{table}_{target}"
    )
