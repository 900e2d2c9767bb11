"""A filled registry on PostgreSQL: two servers and nginx in front, shared by all tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from demo.commands import describe_organization, migrate, provision, run_flask
from demo.server import fresh_environment
from tests.fixtures import as_url
from tests_deploy.load import GROUPS, ITEMS
from tests_deploy.processes import Server, nginx

CLIENT = "deploy-client"
GROUP, ITEM = "north-tower", "laptop"


@dataclass(frozen=True)
class Site:
    """What runs: nginx on ``port``, the servers, their database, and a token to use them."""

    port: int
    servers: list[Server]
    settings: dict[str, str]
    conninfo: str
    token: str
    folder: Path

    @property
    def headers(self) -> dict[str, str]:
        """Answer the headers of an authorized request."""
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}


def set_up(settings: dict[str, str]) -> str:
    """Make the tables and one organization; answers a token for its client."""
    migrate(settings)
    groups, items = [GROUP, *GROUPS], [ITEM, *ITEMS]
    provision(settings, describe_organization("deploy", groups, items, CLIENT, "not-used"))
    return run_flask(settings, "token", CLIENT).strip()


@pytest.fixture(scope="session", name="settings")
def _settings(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Answer the settings of a server on an empty PostgreSQL database."""
    conninfo = psycopg.conninfo.conninfo_to_dict(postgres_url)
    url = as_url(psycopg.conninfo.make_conninfo(**conninfo)).replace("+psycopg", "")
    return {
        **fresh_environment(tmp_path_factory.mktemp("home")),
        "DATABASE_URL": url,
        "TRUSTED_PROXIES": "1",
    }


@pytest.fixture(scope="session", name="site")
def _site(
    settings: dict[str, str], postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Answer the whole site, up and ready."""
    folder = tmp_path_factory.mktemp("site")
    token = set_up(settings)
    servers = [Server(name, folder, settings) for name in ("app1", "app2")]
    try:
        for server in servers:
            server.start()
        with nginx(folder, servers) as port:
            yield Site(port, servers, settings, postgres_url, token, folder)
    finally:
        for server in servers:
            server.stop()
