"""Item-units: how an item is kept in a unit."""
