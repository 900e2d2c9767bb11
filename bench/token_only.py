"""The registry with one route more, which checks the token and does nothing else.

What a request costs before any work of ours begins: ``gunicorn bench.token_only:app``.
"""

from flask import Response

from app import create_app
from app.accounts.auth import require_token
from app.payload import json_response
from bench.servers import TOKEN_PATH
from config import from_env

app = create_app(from_env())


@app.get(TOKEN_PATH)
def check_token() -> Response:
    """Answer an empty object to whoever has a token."""
    require_token()
    return json_response({})
