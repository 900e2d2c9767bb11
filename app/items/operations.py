"""What each of the items routes takes and answers, for ``/openapi.json``."""

from app.items.documents import ItemBody, ItemsAnswer, ItemsBody, ItemShown, ItemsPage
from app.items.errors import (
    InvalidParamType,
    ItemNotFound,
    JsonParsingError,
    MissingParam,
    TooManyRows,
    UnknownParam,
)
from app.items.schemas import ItemsQuery
from app.operations import Operation

UPSERT_ITEM = Operation(
    id="upsertItem",
    summary="Create or rename an item",
    status=201,
    body=ItemBody,
    answer=ItemShown,
    takes_key=True,
    errors=(JsonParsingError, ItemNotFound, MissingParam, UnknownParam, InvalidParamType),
    headers=("Upsert-Result", "Location"),
    examples={"a laptop": {"name": "EliteBook 820"}},
)

UPSERT_ITEMS = Operation(
    id="upsertItems",
    summary="Create or rename many items",
    body=ItemsBody,
    answer=ItemsAnswer,
    takes_key=True,
    errors=(JsonParsingError, MissingParam, UnknownParam, InvalidParamType, TooManyRows),
    examples={"one": {"items": [{"reference": "eliteBook_820", "name": "EliteBook 820"}]}},
)

GET_ITEM = Operation(id="getItem", summary="Show an item", answer=ItemShown, errors=(ItemNotFound,))

LIST_ITEMS = Operation(
    id="listItems",
    summary="List items",
    description="In order of id; follow `paging.next`.",
    query=ItemsQuery,
    answer=ItemsPage,
    errors=(UnknownParam, InvalidParamType),
)
