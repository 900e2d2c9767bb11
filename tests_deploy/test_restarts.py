"""Servers are restarted and the schema migrated while clients go on: nobody may notice."""

import os
import shutil
import time
from pathlib import Path

import pytest

from demo.commands import ROOT, run_flask
from tests_deploy.conftest import Site
from tests_deploy.load import Load, load

RATE = float(os.environ.get("DEPLOY_RATE", "200"))
SECONDS = float(os.environ.get("DEPLOY_SECONDS", "60"))
ROUNDS = int(os.environ.get("DEPLOY_ROUNDS", "1"))
MIGRATION = '''"""One more column, as the next release would add it."""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "9999", "{head}"
def upgrade():
    op.add_column("units", sa.Column("next_release", sa.String(20), nullable=True))
def downgrade():
    op.drop_column("units", "next_release")
'''


@pytest.fixture(name="next_release")
def _next_release(site: Site, tmp_path: Path) -> Path:
    """Answer a folder of migrations with one more than ours."""
    folder = tmp_path / "migrations"
    shutil.copytree(ROOT / "migrations", folder, ignore=shutil.ignore_patterns("__pycache__"))
    head = run_flask(site.settings, "db", "heads").split()[0]
    (folder / "versions" / "9999_next.py").write_text(MIGRATION.format(head=head))
    return folder


@pytest.mark.timeout(400)
def test_servers_restart_and_the_schema_changes_under_load_without_one_failed_request(
    site: Site, next_release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    with load(site.port, site.headers, RATE) as running:
        for number in range(ROUNDS):
            # Spread over the time: what counts is what a restart does to clients at their usual pace.
            time.sleep(max(0.0, began + SECONDS * number / ROUNDS - time.monotonic()))
            run_flask(site.settings, "db", "upgrade", "--directory", str(next_release))
            for server in site.servers:
                server.restart()
            run_flask(site.settings, "db", "downgrade", "--directory", str(next_release))
            for server in site.servers:
                server.reload()
        time.sleep(max(0.0, began + SECONDS - time.monotonic()))

    with capsys.disabled():
        print(f"\n{ROUNDS} rounds of restarts, reloads and migrations: {running.describe()}")
    assert running.failures == []
    assert_busy(running)


def assert_busy(running: Load) -> None:
    """Without requests nothing was shown; how many a machine manages beside its tests is its own."""
    assert sum(running.answered.values()) > 100
