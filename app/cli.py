"""Commands for operators: what ``flask --app wsgi`` takes besides Flask's own."""

import sys
import time
from dataclasses import asdict
from typing import IO

import click
import orjson
from flask import Flask
from flask.cli import AppGroup, ScriptInfo, with_appcontext
from marshmallow import ValidationError
from sqlalchemy import select

from app import distribution, provisioning
from app.accounts.commands import client_group, token_command
from app.accounts.models import Organization
from app.db import db, reading, transactional, utcnow
from app.idempotency_records import purge_batch
from app.units import rekeying
from app.units.addresses import RECIPE
from app.units.commands import units_group

idempotency_group = AppGroup("idempotency", help="Look after the Idempotency-Keys.")


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(provision)
    app.cli.add_command(token_command)
    app.cli.add_command(client_group)
    app.cli.add_command(idempotency_group)
    app.cli.add_command(units_group)
    app.cli.add_command(rekey)
    app.cli.add_command(distribute)


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


@click.command("distribute")
@click.option("--dry-run", is_flag=True, help="Change nothing, print what would be done.")
@with_appcontext
def distribute(dry_run: bool) -> None:
    """Spread the database over the nodes of Citus, by organization.

    Stop the service first. May be stopped: run it again, and it goes on.
    """
    try:
        with reading() as session:
            reason = distribution.why_not(session)
            if reason is not None:
                click.echo(f"Nothing to do: {reason}")
                return
            nodes, state = distribution.check_cluster(session), distribution.read_state(session)
        steps = distribution.plan(state)
        for name, kind in state.tables.items():
            if kind != "local":
                click.echo(f"{name}: already {kind}")
        for number, step in enumerate(steps, 1):
            run_step(f"[{number}/{len(steps)}]", step, dry_run=dry_run)
    except distribution.CannotDistribute as error:
        raise click.ClickException(str(error)) from None
    done = "would be" if dry_run and steps else "are"
    click.echo(f"All {len(state.tables)} tables {done} distributed; {nodes} nodes hold the data.")


def run_step(place: str, step: distribution.Step, *, dry_run: bool) -> None:
    """Carry out a step of ``distribute``, or only print its SQL, and tell of it."""
    if dry_run:
        click.echo(f"{place} {step.sql}")
        return
    click.echo(f"{place} {step.text} ...", nl=False)
    start = time.monotonic()
    rows = transactional(distribution.take)(db.session(), step)
    moved = "" if rows is None else f"{rows} rows, "
    click.echo(f" {moved}{time.monotonic() - start:.1f} s")
