"""The benchmark: the registry beside its peers and beside the database itself (``make bench``)."""
