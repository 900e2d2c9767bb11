"""``flask --app wsgi token`` and ``client``: tokens handed out and taken back, for operators."""

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app.accounts.auth import issue_token
from app.accounts.claims import TOKEN_ID
from app.accounts.errors import TokensIssuedElsewhere
from app.accounts.models import Client
from app.accounts.revoking import disable_client, enable_client, revoke_token, revoke_tokens
from app.db import db, transactional, utcnow

client_group = AppGroup("client", help="Manage clients and their tokens.")


@click.command("token")
@click.argument("client_id")
@click.option("--expires-in", type=int, help="Seconds; a negative number gives an expired token.")
@with_appcontext
def token_command(client_id: str, expires_in: int | None) -> None:
    """Print a token for the client CLIENT_ID."""
    longest = current_app.config["TOKEN_MAX_LIFETIME"]
    if expires_in is not None and expires_in > longest:
        raise click.ClickException(f"A token is good for {longest} seconds at most.")
    client = find_client(client_id)
    if client.disabled_at is not None:
        click.echo("This client is disabled: the token will be refused.", err=True)
    try:
        click.echo(issue_token(client, expires_in))
    except TokensIssuedElsewhere:
        raise click.ClickException(
            "With JWT_PUBLIC_KEYS this service issues no tokens; whoever has the private key does."
        ) from None


@client_group.command("disable")
@click.argument("client_id")
@transactional
def disable(client_id: str) -> None:
    """Refuse all tokens of the client CLIENT_ID from now on, and give it none."""
    disable_client(find_client(client_id), utcnow())
    db.session.flush()
    click.echo(f"{client_id} is disabled.")


@client_group.command("enable")
@click.argument("client_id")
@transactional
def enable(client_id: str) -> None:
    """Let the client CLIENT_ID in again. Tokens issued before stay refused."""
    enable_client(find_client(client_id), utcnow())
    db.session.flush()
    click.echo(f"{client_id} is enabled; it needs a new token.")


@client_group.command("revoke-tokens")
@click.argument("client_id")
@click.option("--jti", help="Only the token with this id, as its claim 'jti' has it.")
@transactional
def revoke(client_id: str, jti: str | None) -> None:
    """Refuse the tokens that the client CLIENT_ID was issued until now; it may get new ones."""
    client = find_client(client_id)
    if jti is None:
        revoke_tokens(client, utcnow())
        told = f"All tokens of {client_id} are revoked."
    elif TOKEN_ID.fullmatch(jti):
        longest = current_app.config["TOKEN_MAX_LIFETIME"]
        revoke_token(db.session(), client, jti, utcnow(), longest)
        told = f"The token {jti} of {client_id} is revoked."
    else:
        raise click.ClickException("No token has such an id.")
    db.session.flush()
    click.echo(told)


def find_client(client_id: str) -> Client:
    """Answer the client; raises ``click.ClickException`` if there is none."""
    found = db.session.scalars(select(Client).where(Client.client_id == client_id)).one_or_none()
    if found is None:
        raise click.ClickException(f"There is no client {client_id!r}.")
    return found
