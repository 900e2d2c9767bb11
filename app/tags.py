"""Entity tags: which state of a record somebody has seen. Pure. Source: CONTRACT 8."""

from collections.abc import Collection

ANY = "*"


def entity_tag(record_id: int, version: int) -> str:
    """Answer the tag of a record as it stands, without quotes."""
    return f"{record_id}-{version}"


def is_met(if_match: Collection[str] | None, tag: str | None) -> bool:
    """Tell whether a record with this tag (None: there is no record) is what ``If-Match`` asks for.

    ``if_match`` holds the strong tags of the header, or ``*`` for any record; None where none was sent.
    """
    if if_match is None:
        return True
    return tag is not None and (ANY in if_match or tag in if_match)
