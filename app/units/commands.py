"""``flask --app wsgi units import``: units from a file, for operators."""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import click
import orjson
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from app.accounts.auth import Caller
from app.accounts.models import Group, Organization
from app.accounts.service import GroupKey
from app.db import db, reading, transactional
from app.units.answers import ACTIONS
from app.units.importing import (
    REASON,
    Record,
    UnusableFile,
    import_units,
    read_csv,
    read_ndjson,
)
from app.units.requests import StreamRequest
from app.units.service import upsert_chunk

units_group = AppGroup("units", help="Units from and to files.")


@units_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--group-external-ref", required=True, help="The group that the units belong to.")
@click.option("--organization", help="Its organization, where several have such a group.")
@click.option("--dry-run", is_flag=True, help="Decide everything and write nothing.")
def import_command(
    file: Path, group_external_ref: str, organization: str | None, dry_run: bool
) -> None:
    """Create or update units from FILE: CSV (with a header) or NDJSON (one object a line).

    Rows that fail are written to FILE.failed with their reasons; correct and import that one again.
    """
    caller = find_caller(group_external_ref, organization)
    wanted = StreamRequest(GroupKey(external_ref=group_external_ref), dry_run)
    country = current_app.config["DEFAULT_COUNTRY"]
    upsert = transactional(partial(upsert_chunk, db.session(), caller, wanted, country))
    counts: Counter[str] = Counter()
    try:
        with file.open("rb") as source, Failures(file) as failures:
            records = failures.read(source)
            with click.progressbar(length=file.stat().st_size, file=sys.stderr) as bar:
                for end, done in import_units(records, upsert, failures.keep):
                    counts += done
                    bar.update(end - bar.pos)
    except (UnusableFile, UnicodeDecodeError, csv.Error) as error:
        raise click.ClickException(f"{file.name}: {error}") from None
    summary: dict[str, Any] = {action: counts[action] for action in ACTIONS}
    if counts["failed"]:
        summary["failed_rows"] = str(failures.path)
    click.echo(orjson.dumps({"dry_run": dry_run, **summary}).decode())
    if counts["failed"]:
        raise SystemExit(1)


def find_caller(external_ref: str, organization: str | None) -> Caller:
    """Answer a caller that may use all groups of the organization that has this group."""
    query = (
        select(Organization.id, Organization.name)
        .join(Group, Group.organization_id == Organization.id)
        .where(Group.external_ref == external_ref)
    )
    if organization is not None:
        query = query.where(Organization.name == organization)
    with reading() as session:
        found = session.execute(query).all()
    if not found:
        raise click.ClickException(f"There is no group {external_ref!r}.")
    if len(found) > 1:
        names = ", ".join(sorted(row.name for row in found))
        raise click.ClickException(f"Several organizations have it: --organization {names}?")
    return Caller(found[0].id, found[0].name, client_id=0, all_groups=True)


class Failures:
    """The file of failed rows, made when the first one fails, in the format of the file read."""

    def __init__(self, file: Path) -> None:
        self.path = file.with_name(f"{file.stem}.failed{file.suffix}")
        self.is_csv = file.suffix.lower() != ".ndjson" and not is_json(file)
        self.header: list[str] = []
        self.out: IO[str] | None = None

    def __enter__(self) -> "Failures":
        return self

    def __exit__(self, *_: object) -> None:
        if self.out is not None:
            self.out.close()

    def read(self, source: IO[bytes]) -> Iterator[Record]:
        """Answer the records of the file that is imported."""
        if not self.is_csv:
            return read_ndjson(source)
        self.header, records = read_csv(source)
        return records

    def keep(self, source: Any, reason: str) -> None:
        """Write a failed row as it stood in the file, with the reason."""
        if self.out is None:
            self.out = self.path.open("w", encoding="utf-8", newline="")
            if self.is_csv:
                csv.writer(self.out).writerow([*self.named(self.header), REASON])
        if self.is_csv:
            csv.writer(self.out).writerow([*self.named(source), reason])
        else:
            self.out.write(with_reason(source, reason))

    def named(self, cells: list[str]) -> list[str]:
        """Answer ``cells`` without that of an earlier reason."""
        return [cell for name, cell in zip(self.header, cells, strict=False) if name != REASON]


def is_json(file: Path) -> bool:
    """Tell whether ``file`` begins as JSON does."""
    with file.open("rb") as source:
        return source.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def with_reason(line: bytes, reason: str) -> str:
    """Answer ``line`` with the reason as a member; a line that is no object stays as it is."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        row = None
    if not isinstance(row, dict):
        return line.decode(errors="replace").rstrip("\n") + "\n"
    return orjson.dumps({**row, REASON: reason}).decode() + "\n"
