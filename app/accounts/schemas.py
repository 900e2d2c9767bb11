"""What may be asked of the groups routes."""

from app.fields import Reference
from app.query import Cursor, QueryInteger, QuerySchema, about


class GroupsQuery(QuerySchema):
    """The query of ``GET /groups``. Source: CONTRACT 5."""

    external_ref = Reference(metadata=about("Only with this external reference."))
    limit = QueryInteger(1, 1000, load_default=100, metadata=about("How many to answer at most."))
    cursor = Cursor(metadata=about("The `next_cursor` of the page before."))
