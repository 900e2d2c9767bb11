"""Items: what is stocked or sold."""
