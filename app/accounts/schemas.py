"""What may be asked of the groups routes."""

from app.fields import Text
from app.query import Cursor, QueryInteger, QuerySchema


class GroupsQuery(QuerySchema):
    """The query of ``GET /groups``. Source: CONTRACT 5."""

    external_ref = Text()
    limit = QueryInteger(1, 1000, load_default=100)
    cursor = Cursor()
