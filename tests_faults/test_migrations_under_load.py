"""The newest migration is taken back and made again while everybody is busy."""

from collections.abc import Callable
from pathlib import Path

from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade

from tests.fixtures import MIGRATIONS
from tests_faults.load import Load
from tests_faults.registry import Registry
from tests_faults.servers import serving

TIMES = 3


def test_down_and_up_by_one_version_fails_nobody(
    registry: Registry, folder: Path, tell: Callable[[str], None]
) -> None:
    scripts = ScriptDirectory(MIGRATIONS)
    newest = scripts.get_revision(scripts.get_current_head() or "")
    assert newest.down_revision, "the first migration cannot be taken back under load"

    with serving(registry.url, folder) as server:
        load = Load(registry, [server])
        with load.running(), registry.app.app_context():
            for _ in range(TIMES):
                load.wait_for_more()
                downgrade(MIGRATIONS, revision="-1")
                load.wait_for_more()
                upgrade(MIGRATIONS)
            load.wait_for_more()
        assert server.is_ready()

    tell(f"{newest.revision}, {TIMES} times; {load.figures()}")
    assert load.failures() == []
    assert load.violations() == []
    assert registry.is_sound()
