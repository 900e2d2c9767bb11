"""Schemas that only describe the account routes, for ``/openapi.json``; nothing is loaded by them."""

from marshmallow import INCLUDE, Schema, fields

from app.fields import Choice, StrictSchema


class TokenBody(Schema):
    """OAuth 2.0 client credentials, as a form; the client may also use Basic authorization.

    Other parameters are ignored, as RFC 6749 3.2 demands.
    """

    class Meta:
        unknown = INCLUDE

    grant_type = Choice("client_credentials", required=True)
    client_id = fields.String()
    client_secret = fields.String(metadata={"format": "password"})


class TokenShown(StrictSchema):
    """A bearer token, good for ``expires_in`` seconds."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)


class GroupShown(StrictSchema):
    """A group of units."""

    id = fields.Integer(required=True)
    external_ref = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class GroupsPage(StrictSchema):
    """A page of groups, oldest first; ``next_cursor`` leads to the next one."""

    groups = fields.List(fields.Nested(GroupShown), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
