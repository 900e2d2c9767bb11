"""What each of the item-units routes takes and answers, for ``/openapi.json``."""

from app.item_units.documents import (
    EXAMPLE,
    ItemUnitBody,
    ItemUnitCreation,
    ItemUnitsAnswer,
    ItemUnitsBody,
    ItemUnitShown,
    ItemUnitsPage,
    ItemUnitUpdate,
)
from app.item_units.errors import (
    AlreadyAssigned,
    AmbiguousReference,
    DateValidationError,
    IsDefaultError,
    ItemUnitNotFound,
    PreconditionFailed,
    RefusedValue,
    UnitNotFound,
)
from app.item_units.schemas import GroupQuery, ListQuery, UpsertQuery
from app.items.errors import (
    InvalidParamType,
    ItemNotFound,
    JsonParsingError,
    MissingParam,
    TooManyRows,
    UnknownParam,
)
from app.operations import Operation

PAIR_ERRORS = (ItemNotFound, UnitNotFound, AmbiguousReference)
CHANGE_ERRORS = (
    JsonParsingError,
    MissingParam,
    UnknownParam,
    InvalidParamType,
    DateValidationError,
    RefusedValue,
    IsDefaultError,
    PreconditionFailed,
)


UPSERT_ITEM_UNIT = Operation(
    id="upsertItemUnit",
    summary="Create or update how an item is kept in a unit",
    description="""Answers 201 for both; the header `Upsert-Result` says which. `quantity` is always
required, and `isDefault` as long as the item has no default unit. Absent fields keep their value; `null`
clears `volume`, `weight`, `barcode` and `expirationDate`.

A GS1-128 `barcode` with AI (17) fills `expirationDate`, unless you send one.""",
    status=201,
    body=ItemUnitBody,
    query=UpsertQuery,
    answer=ItemUnitShown,
    takes_key=True,
    errors=(*PAIR_ERRORS, *CHANGE_ERRORS, AlreadyAssigned),
    conditions=("If-Match", "If-None-Match"),
    examples={"four laptops": EXAMPLE},
    headers=("Upsert-Result", "Location", "ETag"),
)

UPDATE_ITEM_UNIT_BY_REFERENCE = Operation(
    id="updateItemUnitByReference",
    summary="Update the item-unit of a pair",
    description="As the upsert, but 404 where the pair has no item-unit yet.",
    body=ItemUnitBody,
    query=UpsertQuery,
    answer=ItemUnitShown,
    errors=(*PAIR_ERRORS, ItemUnitNotFound, *CHANGE_ERRORS),
    conditions=("If-Match",),
    headers=("Upsert-Result", "Location", "ETag"),
)

GET_ITEM_UNIT_BY_REFERENCE = Operation(
    id="getItemUnitByReference",
    summary="Show the item-unit of a pair",
    query=GroupQuery,
    answer=ItemUnitShown,
    errors=(*PAIR_ERRORS, ItemUnitNotFound, UnknownParam, InvalidParamType),
    headers=("ETag",),
    conditions=("If-None-Match",),
)

DELETE_ITEM_UNIT_BY_REFERENCE = Operation(
    id="deleteItemUnitByReference",
    summary="Delete the item-unit of a pair",
    status=204,
    query=GroupQuery,
    errors=(
        *PAIR_ERRORS,
        ItemUnitNotFound,
        UnknownParam,
        InvalidParamType,
        PreconditionFailed,
    ),
    conditions=("If-Match",),
)

CREATE_ITEM_UNIT = Operation(
    id="createItemUnit",
    summary="Create an item-unit",
    description="""`itemId` and `unitId` are ids, or references with `useExternalId: true`. A pair that
exists is refused with `already_assigned`.""",
    status=201,
    body=ItemUnitCreation,
    query=UpsertQuery,
    answer=ItemUnitShown,
    takes_key=True,
    errors=(*PAIR_ERRORS, *CHANGE_ERRORS, AlreadyAssigned),
    examples={
        "by references": {
            "itemId": "eliteBook_820",
            "unitId": "A-1",
            "useExternalId": True,
            **EXAMPLE,
        }
    },
    headers=("Upsert-Result", "Location", "ETag"),
)

UPDATE_ITEM_UNIT = Operation(
    id="updateItemUnit",
    summary="Update an item-unit, or move it to another item or unit",
    body=ItemUnitUpdate,
    query=UpsertQuery,
    answer=ItemUnitShown,
    errors=(*PAIR_ERRORS, ItemUnitNotFound, *CHANGE_ERRORS, AlreadyAssigned),
    conditions=("If-Match",),
    headers=("Upsert-Result", "Location", "ETag"),
)

GET_ITEM_UNIT = Operation(
    id="getItemUnit",
    summary="Show an item-unit",
    answer=ItemUnitShown,
    errors=(ItemUnitNotFound,),
    headers=("ETag",),
    conditions=("If-None-Match",),
)

DELETE_ITEM_UNIT = Operation(
    id="deleteItemUnit",
    summary="Delete an item-unit",
    status=204,
    errors=(ItemUnitNotFound, PreconditionFailed),
    conditions=("If-Match",),
)

LIST_ITEM_UNITS = Operation(
    id="listItemUnits",
    summary="List item-units",
    description="In order of id; follow `paging.next`.",
    query=ListQuery,
    answer=ItemUnitsPage,
    errors=(UnknownParam, InvalidParamType),
)

UPSERT_ITEM_UNITS = Operation(
    id="upsertItemUnits",
    summary="Create or update many item-units",
    description="""`itemId` and `unitId` are references. Every row has the outcome that the single upsert
would have had; the answer is 200 even when rows failed.""",
    body=ItemUnitsBody,
    query=UpsertQuery,
    answer=ItemUnitsAnswer,
    takes_key=True,
    errors=(JsonParsingError, MissingParam, UnknownParam, InvalidParamType, TooManyRows),
    examples={"one": {"itemUnits": [{"itemId": "eliteBook_820", "unitId": "A-1", **EXAMPLE}]}},
)
