"""CPU time and memory of other processes."""

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

PROCESS_CLOCK = 2
"""The kernel's name for the clock that counts all CPU time of a process, in nanoseconds."""


def cpu_seconds(pids: Iterable[int]) -> float:
    """Answer the CPU time that these processes have used so far; one that has gone counts nothing."""
    return sum(_cpu_of(pid) for pid in pids)


def _cpu_of(pid: int) -> float:
    if sys.platform == "linux":
        try:
            return time.clock_gettime((~pid << 3) | PROCESS_CLOCK)
        except OSError:
            return 0.0
    try:
        used = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return used.user + used.system


def family(pid: int) -> list[int]:
    """Answer the process and all its descendants."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def peak_memory(pids: Iterable[int]) -> int:
    """Answer the bytes of the process among these that ever held most (Linux only)."""
    return max(_status(pid, "VmHWM") for pid in pids)


def held_memory(pids: Iterable[int]) -> int:
    """Answer the bytes of the process among these that holds most now (Linux only)."""
    return max(_status(pid, "VmRSS") for pid in pids)


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0


def describe_machine() -> str:
    """Answer the machine in a few words."""
    memory = psutil.virtual_memory().total / 2**30
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {sys.platform}; load before the run {load}"
