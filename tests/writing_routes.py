"""Every route that takes a body, and how a good one looks. A new route has to be entered here."""

from flask import Flask

from tests.bad_bodies import FORM, NDJSON, Shape
from tests.world import API

WITH_BODY = {"POST", "PUT", "PATCH"}
ITEM_UNIT = b'"quantity":1,"isDefault":true'
GROUP = b'"group_external_ref":"north-tower"'
BY_REFERENCE = Shape(
    b"{" + ITEM_UNIT + b"}",
    b"{" + ITEM_UNIT + b',"barcode":%s,"x":0}',
    b'{"isDefault":true,"x":0,"quantity":%s}',
)
NAMED = Shape(
    b'{"itemId":"bracelet","unitId":"PACKET","useExternalId":true,' + ITEM_UNIT + b"}",
    b'{"itemId":%s,"unitId":"nobody","useExternalId":true,' + ITEM_UNIT + b"}",
    b'{"itemId":%s,"unitId":99,' + ITEM_UNIT + b"}",
)
PAIR_PATH = f"{API}/itemUnits/reference/<reference:item>/<reference:unit>"

ROUTES: dict[tuple[str, str], tuple[Shape, ...]] = {
    ("POST", f"{API}/units/multiple"): (
        Shape(
            b"{" + GROUP + b',"units":[{"identifier":"next"}]}',
            b"{" + GROUP + b',"units":[{"x":0,"identifier":%s}]}',
            b'{"units":[],"group_id":%s}',
            rows="units",
        ),
        Shape(
            b"{" + GROUP + b',"units":[{"identifier":"next","sqft":3}]}',
            b"{" + GROUP + b',"units":[{"x":0,"address":{"address_line_1":%s}}]}',
            b"{" + GROUP + b',"units":[{"x":0,"identifier":"A","sqft":%s}]}',
            rows="units",
        ),
        Shape(
            b'{"identifier":"next line"}',
            b'{"x":0,"identifier":%s}',
            b'{"x":0,"identifier":"A","number_of_bedrooms":%s}',
            kind=NDJSON,
        ),
    ),
    ("POST", PAIR_PATH): (BY_REFERENCE,),
    ("PUT", PAIR_PATH): (BY_REFERENCE,),
    ("POST", f"{API}/itemUnits"): (NAMED,),
    ("PUT", f"{API}/itemUnits/<id:item_unit_id>"): (NAMED,),
    ("POST", f"{API}/itemUnits/multiple"): (
        Shape(
            b'{"itemUnits":[{"itemId":"bracelet","unitId":"PACKET",' + ITEM_UNIT + b"}]}",
            b'{"itemUnits":[{"itemId":%s,"unitId":"PACKET",' + ITEM_UNIT + b"}]}",
            b'{"itemUnits":[{"itemId":"bracelet","unitId":"PACKET","x":0,"quantity":%s}]}',
            rows="itemUnits",
        ),
    ),
    ("POST", f"{API}/items/reference/<reference:reference>"): (
        Shape(b'{"name":"Next"}', b'{"x":0,"name":%s}', b'{"x":0,"name":%s}'),
    ),
    ("POST", f"{API}/items/multiple"): (
        Shape(
            b'{"items":[{"reference":"next","name":"Next"}]}',
            b'{"items":[{"x":0,"name":"N","reference":%s}]}',
            b'{"items":[{"x":0,"reference":"next","name":%s}]}',
            rows="items",
        ),
    ),
    ("POST", "/oauth/token"): (
        Shape(
            b"grant_type=client_credentials&client_id=entity1-sync&client_secret=s3cret-of-sync",
            b"grant_type=client_credentials&client_id=entity1-sync&client_secret=%s",
            b"grant_type=%s&client_id=%s",
            kind=FORM,
        ),
    ),
}


def served(app: Flask) -> set[tuple[str, str]]:
    """Answer every method and rule of the application that takes a body."""
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & WITH_BODY
    }
