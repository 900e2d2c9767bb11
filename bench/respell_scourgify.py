"""Respell the real addresses with usaddress-scourgify and say how many keep their key.

A development script: `uv pip install usaddress-scourgify`, then
`python -m bench.respell_scourgify`. The service does not need the package.
"""

import sys
from collections.abc import Mapping
from typing import Any

from app.units.addresses import address_key, canonical_text
from bench.addresses import real_addresses


def respelt(address: Mapping[str, Any]) -> dict[str, Any] | None:
    """Answer the address as scourgify writes it, or None where it cannot parse it."""
    from scourgify import normalize_address_record  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from scourgify.exceptions import AddressNormalizationError  # type: ignore[import-not-found,import-untyped,unused-ignore]

    fields = ("address_line_1", "address_line_2", "city", "state", "postal_code")
    try:
        answer = normalize_address_record({name: address[name] for name in fields})
    except AddressNormalizationError:
        return None
    return {**address, **{name: answer[name] for name in fields}}


def main() -> int:
    """Print the recall, and every address that scourgify respells to another key."""
    parsed = kept = 0
    for line, address in enumerate(real_addresses(), 1):
        other = respelt(address)
        if other is None:
            continue
        parsed += 1
        if address_key(address) == address_key(other):
            kept += 1
        else:
            print(f"{line}\n  {canonical_text(address)}\n  {canonical_text(other)}")
    print(f"{parsed} parsed, {kept} keep their key: recall {kept / parsed:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
