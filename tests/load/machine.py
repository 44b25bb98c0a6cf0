"""What processes use of this machine, read from /proc."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Use:
    """Memory in kB: `pss` counts shared pages once; `rss` is what `ps` shows, shared pages in every process."""

    pss: int
    rss: int
    seconds: float  # of the processor

    @property
    def pss_mb(self) -> float:
        return self.pss / 1024


def use_of(pid: int) -> Use:
    """Of a process and all that it started."""
    pss = rss = ticks = 0
    for each in family(pid):
        try:
            rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
            state = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        pss += _kilobytes("Pss", rollup)
        rss += _kilobytes("Rss", rollup)
        ticks += int(state[11]) + int(state[12])
    return Use(pss, rss, ticks / os.sysconf("SC_CLK_TCK"))


def family(pid: int) -> list[int]:
    """The process and all that it started, and these."""
    found = [pid]
    for each in found:
        for path in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, path.read_text().split())
    return found


def _kilobytes(name: str, rollup: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", rollup, re.MULTILINE)
    return int(found.group(1)) if found else 0


def own_seconds() -> float:
    times = os.times()
    return times.user + times.system
