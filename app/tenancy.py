"""Which tables belong to a tenant. Source: DESIGN 3; docs/decisions.md.

A table stands above the tenants if its model says so (``ABOVE_TENANTS`` as its ``info``); every other
one belongs to an organization and leads its keys with ``organization_id``.
"""

from sqlalchemy import MetaData, Table

from app.db import Base

MARK = "above_tenants"
ABOVE_TENANTS = {MARK: True}
"""The ``info`` of a table that is looked up before anybody knows the organization."""


def tenant_tables(metadata: MetaData = Base.metadata) -> list[Table]:
    """Answer the tables whose rows belong to one organization; what others refer to comes first."""
    return [table for table in metadata.sorted_tables if MARK not in table.info]


def tables_above(metadata: MetaData = Base.metadata) -> list[Table]:
    """Answer the tables that all organizations share, in the same order."""
    return [table for table in metadata.sorted_tables if MARK in table.info]
