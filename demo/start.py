"""``make run``: the service with a demo organization in it, and two commands to try it with.

Everything it makes is kept under ``instance/``, so that a second start finds it again. Whoever has
exported ``DATABASE_URL`` or ``JWT_SECRET_KEY`` gets that database and that key.
"""

import errno
import json
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demo.commands import (
    PYTHON,
    ROOT,
    CommandFailed,
    describe_organization,
    migrate,
    provision,
    run_flask,
)

INSTANCE = ROOT / "instance"
CLIENT_ID = "demo-client"
GROUP = "north-tower"
ITEM = "eliteBook_820"
ONE_DAY = 86_400
MAX_PORT = 65_535
FIRST_UNIT = "NT-101"
UNITS = {
    "group_external_ref": GROUP,
    "units": [
        {
            "identifier": f"NT-{number}",
            "number_of_bedrooms": bedrooms,
            "address": {
                "address_line_1": "233 North Tower Street",
                "address_line_2": f"Apt {number}",
                "city": "Springfield",
                "state": "IL",
                "postal_code": "62701",
                "country": "US",
            },
        }
        for number, bedrooms in ((101, 2), (102, 3), (103, 1))
    ],
}
ITEM_UNIT = {"quantity": 4, "isDefault": True, "barcode": "(10)45566(17)161231"}


class CannotStart(Exception):
    """Why the service cannot be started here, for the person at the terminal."""


def main() -> None:
    """Prepare the database, print how to try the service, and become it."""
    try:
        host, port = read_address(os.environ)
        check_free(host, port)
        environment = prepare_environment(os.environ, host, port)
        token = prepare_organization(environment)
    except (CannotStart, CommandFailed) as error:
        sys.exit(str(error))
    print(introduce(f"http://{show_host(host)}:{port}", token), flush=True)
    os.chdir(ROOT)
    # The server takes the place of this process, so that Ctrl-C and kill reach it and nobody else.
    os.execve(PYTHON, [PYTHON, "-m", "gunicorn"], environment)


def read_address(environment: Mapping[str, str]) -> tuple[str, int]:
    """Answer where to serve: ``BIND`` as ``host:port``, or else ``PORT`` on this machine only."""
    bind = environment.get("BIND") or f"127.0.0.1:{environment.get('PORT') or 8000}"
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= MAX_PORT:
        raise CannotStart(
            f"BIND must be host:port and PORT a number up to {MAX_PORT}, not {bind!r}."
        )
    return host.strip("[]"), int(port)


def check_free(host: str, port: int) -> None:
    """Raise ``CannotStart`` unless ``port`` can be had.

    Some systems let two processes listen, one on an address and one on all of them; so it is also
    called, to hear whether somebody answers.
    """
    taken = CannotStart(
        f"Port {port} on {host} is taken: stop what listens there, or try"
        f" 'make run PORT={port % MAX_PORT + 1}'."
    )
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        with socket.socket(family, kind) as caller:
            caller.settimeout(1)
            if caller.connect_ex(address) == 0:
                raise taken
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise taken from None
        raise CannotStart(f"Cannot serve on {host}:{port}: {error.strerror}.") from None


def prepare_environment(given: Mapping[str, str], host: str, port: int) -> dict[str, str]:
    """Answer the service's settings: what is given, and for the rest what ``instance/`` keeps."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    key = given.get("JWT_SECRET_KEY") or keep_secret(INSTANCE / "secret")
    return {"LOG_FORMAT": "text", **given, "BIND": bind, "JWT_SECRET_KEY": key}


def keep_secret(file: Path) -> str:
    """Answer the secret in ``file``, made the first time; only its owner may read it."""
    file.parent.mkdir(exist_ok=True)
    if not file.exists():
        new = file.with_name(f"{file.name}.{os.getpid()}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(48))
        new.replace(file)  # Whole or not at all, also when stopped halfway.
    return file.read_text().strip()


def prepare_organization(environment: Mapping[str, str]) -> str:
    """Bring the database up to date, set up the demo organization and answer a token for it."""
    client_secret = keep_secret(INSTANCE / "demo-client-secret")
    groups, items = (GROUP, "packages"), (ITEM, "bracelet-GRP09062")
    migrate(environment)
    provision(environment, describe_organization("demo", groups, items, CLIENT_ID, client_secret))
    return run_flask(environment, "token", CLIENT_ID, "--expires-in", str(ONE_DAY)).strip()


def introduce(url: str, token: str) -> str:
    """Answer what the person at the terminal needs to know."""
    api = f"{url}/api/v1.0"
    return f"""
The Unit Registry serves on {url} (Ctrl-C stops it).
It has an organization "demo" with the groups "{GROUP}" and "packages" and the item "{ITEM}".
A token for it, good for 24 hours:

{token}

Paste these into another terminal. Three flats are created; then four laptops go into the first one,
and their expiry date is read from the barcode. Paste them again: nothing changes.

{write_curl(f"{api}/units/multiple", token, UNITS)}

{write_curl(f"{api}/itemUnits/reference/{ITEM}/{FIRST_UNIT}", token, ITEM_UNIT)}
"""


def write_curl(url: str, token: str, body: Mapping[str, Any]) -> str:
    """Answer a command for the shell that posts ``body``; no part of it has a single quote."""
    text = json.dumps(body).replace('{"identifier"', '\n  {"identifier"')
    return (
        f"curl -sS -i '{url}' \\\n"
        f"  -H 'Authorization: Bearer {token}' \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d '{text}'"
    )


def show_host(host: str) -> str:
    """Answer ``host`` as a client on this machine writes it in a URL."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1" if host == "0.0.0.0" else "[::1]"
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    main()
