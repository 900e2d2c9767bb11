"""The operator's side: ``flask`` commands run as a person would run them."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable


class CommandFailed(Exception):
    """A command ended with an error; the text is what it said."""


def run_flask(environment: Mapping[str, str], *arguments: str, stdin: str = "") -> str:
    """Run ``flask --app wsgi`` with ``arguments`` and answer what it printed.

    Raises ``CommandFailed`` with what it said on the way.
    """
    done = subprocess.run(
        [PYTHON, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=ROOT,
        env={**environment, "FLASK_SKIP_DOTENV": "1"},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandFailed(f"flask {' '.join(arguments)} failed:\n{done.stderr}{done.stdout}")
    return done.stdout


def migrate(environment: Mapping[str, str]) -> None:
    """Bring the database's schema up to date."""
    run_flask(environment, "db", "upgrade")


def provision(environment: Mapping[str, str], organization: Mapping[str, Any]) -> None:
    """Set up one organization; the second time this changes nothing."""
    run_flask(environment, "provision", "-", stdin=json.dumps({"organizations": [organization]}))


def describe_organization(
    name: str, groups: Sequence[str], items: Sequence[str], client_id: str, secret: str
) -> dict[str, Any]:
    """Answer an organization for ``provision`` whose client may use all its groups."""
    return {
        "name": name,
        "groups": [{"external_ref": ref, "name": spell_out(ref)} for ref in groups],
        "items": [{"reference": ref, "name": spell_out(ref)} for ref in items],
        "clients": [{"client_id": client_id, "client_secret": secret, "groups": "*"}],
    }


def spell_out(reference: str) -> str:
    """Answer a name for people: ``north-tower`` is the North Tower."""
    words = reference.replace("-", " ").replace("_", " ").split()
    return " ".join(word[0].upper() + word[1:] for word in words)
