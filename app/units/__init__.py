"""Units: many created or updated at once, matched by identifier, then by address."""
