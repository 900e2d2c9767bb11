"""The address key: which two postal addresses are the same door. Pure. Source: CONTRACT 4.4.

How it decides is told in docs/addresses.md.
"""

from app.units.addresses.key import (
    RECIPE,
    address_key,
    canonical_fields,
    canonical_text,
    forget,
)

__all__ = ["RECIPE", "address_key", "canonical_fields", "canonical_text", "forget"]
