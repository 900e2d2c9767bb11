"""Who calls a FastAPI peer."""

from typing import Annotated

import jwt
from fastapi import Depends, Header, HTTPException

from bench.peers.common import organization_of


def organization(authorization: Annotated[str, Header()] = "") -> int:
    """Answer the caller's organization; refuses a token that is not ours."""
    try:
        return organization_of(authorization)
    except jwt.PyJWTError:
        raise HTTPException(401) from None


Organization = Annotated[int, Depends(organization)]
