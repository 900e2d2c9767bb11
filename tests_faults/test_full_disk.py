"""SQLite on a disk that is full: what was answered as stored is stored, and work goes on with space.

The disk is a tmpfs of 4 MiB where the system lets us mount one (root on Linux); elsewhere the files of
the server may not grow any more (RLIMIT_FSIZE), which SQLite meets as an error of the disk too.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests_faults.databases import wait_until
from tests_faults.load import Load
from tests_faults.registry import registry_at
from tests_faults.servers import Server, serving

ENOUGH = 20
"""Refusals, and later successes, after which the point is made."""


@pytest.fixture(name="mount")
def _mount(tmp_path: Path) -> Iterator[Path | None]:
    """Answer a folder on a disk of 4 MiB, or None where none can be had."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place]
    may = sys.platform == "linux" and os.geteuid() == 0
    if not may or subprocess.run(command, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_full_disk_loses_nothing_and_is_survived(
    mount: Path | None, folder: Path, tell: Callable[[str], None]
) -> None:
    place = mount or folder
    with (
        registry_at(f"sqlite:///{place}/registry.sqlite3") as registry,
        serving(registry.url, folder) as server,
    ):
        workers = server.workers()
        fill, free = (fill_disk, free_disk) if mount else (limit_files, free_files)
        load = Load(registry, [server])
        with load.running():
            wait_for(load, lambda status: status in (200, 201))
            fill(place, server)
            wait_for(load, lambda status: status == 503)
            assert registry.sql("SELECT count(*) FROM units") != [(0,)], "reading goes on"
            free(place, server)
            wait_for(load, lambda status: status in (200, 201))
        assert server.workers() == workers, "nobody had to be started again"
        assert load.violations() == []
        assert registry.is_sound()

    tell(f"{'tmpfs' if mount else 'RLIMIT_FSIZE'}; {load.figures()}")
    assert {failure.status for failure in load.failures()} == {503}


def wait_for(load: Load, is_meant: Callable[[int], bool]) -> None:
    """Return once enough requests that began after this call were answered like this."""
    now = time.monotonic()
    wait_until(
        lambda: sum(a.began > now and is_meant(a.status) for a in list(load.answers)) >= ENOUGH,
        "enough were answered like this",
    )


def fill_disk(place: Path, _server: Server) -> None:
    """Leave no space on the disk."""
    with (place / "ballast").open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(4096))
        except OSError:
            return


def free_disk(place: Path, _server: Server) -> None:
    """Give space back."""
    (place / "ballast").unlink()


def limit_files(place: Path, server: Server) -> None:
    """Let no file of the server's processes grow beyond what the database has now."""
    size = max(file.stat().st_size for file in place.glob("registry.sqlite3*"))
    set_limit(server, size)


def free_files(_place: Path, server: Server) -> None:
    """Take the limit back."""
    set_limit(server, resource.RLIM_INFINITY)


def set_limit(server: Server, size: int) -> None:
    for process in [psutil.Process(server.process.pid), *server.workers()]:
        process.rlimit(psutil.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
