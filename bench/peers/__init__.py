"""The peers: the same job over the same tables, as others would write it.

All match by identifier, then by the registry's own address key, create the rest, and answer per row
what happened and every attribute. They know no dry run, no error per row and no ambiguous address.
"""
