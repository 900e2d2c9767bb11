"""Commands for operators: what ``flask --app wsgi`` takes besides Flask's own."""

import sys
from dataclasses import asdict
from typing import IO

import click
import orjson
from flask import Flask
from flask.cli import AppGroup, ScriptInfo, with_appcontext
from marshmallow import ValidationError
from sqlalchemy import select

from app import provisioning
from app.accounts.auth import disable_client, issue_token
from app.accounts.models import Client, Organization
from app.db import db, reading, transactional, utcnow
from app.idempotency_records import purge_batch
from app.units import rekeying
from app.units.addresses import RECIPE
from app.units.commands import units_group

client_group = AppGroup("client", help="Manage clients.")
idempotency_group = AppGroup("idempotency", help="Look after the Idempotency-Keys.")


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(provision)
    app.cli.add_command(token)
    app.cli.add_command(client_group)
    app.cli.add_command(idempotency_group)
    app.cli.add_command(units_group)
    app.cli.add_command(rekey)


@click.command("provision")
@click.argument("file", type=click.File("rb"))
@with_appcontext
def provision(file: IO[bytes]) -> None:
    """Set up organizations, groups, items and clients from a JSON FILE ("-" reads stdin).

    Applied as an upsert: run twice, it changes nothing the second time. Prints the ids.
    """
    try:
        wanted = provisioning.load(file.read())
        done = transactional(provisioning.apply)(db.session(), wanted, utcnow())
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise click.ClickException(f"{file.name}: {error}") from None
    click.echo(orjson.dumps(done, option=orjson.OPT_INDENT_2).decode())


@click.command("token")
@click.argument("client_id")
@click.option("--expires-in", type=int, help="Seconds; a negative number gives an expired token.")
@with_appcontext
def token(client_id: str, expires_in: int | None) -> None:
    """Print a token for the client CLIENT_ID."""
    client = find_client(client_id)
    if client.disabled_at is not None:
        click.echo("This client is disabled: the token will be refused.", err=True)
    click.echo(issue_token(client, expires_in))


@client_group.command("disable")
@click.argument("client_id")
@transactional
def disable(client_id: str) -> None:
    """Refuse all tokens of the client CLIENT_ID from now on."""
    disable_client(db.session(), find_client(client_id), utcnow())
    db.session.flush()
    click.echo(f"{client_id} is disabled.")


@idempotency_group.command("purge")
def purge() -> None:
    """Delete the Idempotency-Keys that are older than a day, in batches. May run at any time."""
    with reading() as session:
        organizations = session.scalars(select(Organization.id).order_by(Organization.id)).all()
    purged, now = 0, utcnow()
    for organization_id in organizations:
        while done := transactional(purge_batch)(db.session(), organization_id, now):
            purged += done
    click.echo(orjson.dumps({"purged": purged}).decode())


@click.command("rekey")
@click.option("--dry-run", is_flag=True, help="Write nothing, report the same.")
@click.pass_obj
@with_appcontext
def rekey(info: ScriptInfo, dry_run: bool) -> None:
    """Make the address keys anew that another recipe made, after an upgrade that changes it.

    May run while the service serves, and may be stopped: run it again, and it goes on. Prints what it
    did as JSON, with the units of one group that share a key now and did not before.
    """
    groups, report = rekeying.find_groups(), rekeying.Report()
    country, finished = info.load_app().config["DEFAULT_COUNTRY"], False
    work = rekeying.rekey(groups, report, country, dry_run=dry_run)
    total = sum(group.stale for group in groups)
    try:
        with click.progressbar(length=total, label="Units", file=sys.stderr) as bar:
            for done in work:
                bar.update(done)
        finished = True
    finally:
        told = {"recipe": RECIPE, "dry_run": dry_run, "finished": finished, **asdict(report)}
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())


def find_client(client_id: str) -> Client:
    """Answer the client; raises ``click.ClickException`` if there is none."""
    found = db.session.scalars(select(Client).where(Client.client_id == client_id)).one_or_none()
    if found is None:
        raise click.ClickException(f"There is no client {client_id!r}.")
    return found
