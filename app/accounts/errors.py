"""The account errors: tokens, groups, the token endpoint."""

from typing import ClassVar

from app.errors import ApiError


class MissingAuthorization(ApiError):
    """No bearer token in the request. Source: S1."""

    type = "missing_authorization"
    message = (
        "Your request does not include an 'Authorization' header with a bearer token for your"
        " account."
    )


class TokenRefused(ApiError):
    """A bearer token that does not count."""

    status = 401
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class ExpiredToken(TokenRefused):
    """The token was good once. Source: S1."""

    type = "expired_token"
    message = (
        "The bearer token you have provided in the 'Authorization' header has expired. Please"
        " obtain a new one."
    )


class InvalidAuthorization(TokenRefused):
    """Anything else wrong with the token. Source: S1."""

    type = "invalid_authorization"
    message = "The bearer token you have provided in the 'Authorization' header is invalid."


class GroupNotFound(ApiError):
    """No group of the organization has this id. Source: S1."""

    status = 404
    type = "group_not_found"
    message = "We could not find a group with the ID you have provided."


class GroupReferenceNotFound(GroupNotFound):
    """No group of the organization has this external reference. Source: CONTRACT 4.2."""

    message = "We could not find a group with the external reference you have provided."


class NoAccessToGroup(ApiError):
    """The group is there, but the client was not granted it. Source: S1."""

    status = 401
    type = "no_access_to_group"
    message = "You do not have access to the group you have provided."
    # Every 401 names a scheme (RFC 9110, 11.6.1), though another token of the client will not help.
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class TokenRequestInvalid(ApiError):
    """The token request is malformed. Source: RFC 6749 5.2."""

    type = "invalid_request"


class UnsupportedGrantType(ApiError):
    """Only client credentials are served. Source: RFC 6749 5.2."""

    type = "unsupported_grant_type"
    message = "The grant type must be client_credentials."


class TokensIssuedElsewhere(ApiError):
    """This service only checks tokens: it has the public keys of the service that issues them. Ours."""

    type = "unsupported_grant_type"
    message = "This service issues no tokens. Get one from the identity provider that it trusts."


class InvalidClient(ApiError):
    """Unknown client, wrong secret, disabled client, or none named. Source: RFC 6749 5.2."""

    status = 401
    type = "invalid_client"
    message = "Client authentication failed."
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Basic realm="unit-registry"'}
