"""The cache that processes share without Redis; it is what rate limits count in (S-12)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from django.core.cache.backends.base import BaseCache

from project.cache import SharedCache
from tests.servers import ROOT

COUNT = """
import sys
from project.cache import SharedCache
cache = SharedCache(sys.argv[1], {})
print(sum(cache.incr("count") > 0 for _ in range(500)), sum(cache.add(f"once {n}", 1) for n in range(500)))
"""


@pytest.fixture
def cache(tmp_path: Path) -> BaseCache:
    return SharedCache(str(tmp_path / "cache.sqlite3"), {})


def test_what_is_kept_comes_back_until_its_time_is_over(cache: BaseCache) -> None:
    cache.set("list", [1.5, 2], 60)
    cache.set("over", True, -1)
    assert (cache.get("list"), cache.get("over"), cache.get("none", "default")) == ([1.5, 2], None, "default")
    assert cache.add("over", 1, None) and not cache.add("over", 2) and not cache.add("list", 3)
    assert cache.incr("over", 4) == 5 and cache.get("over") == 5
    assert cache.touch("list", -1) and not cache.touch("list") and "list" not in cache
    assert cache.delete("over") and not cache.delete("over")
    with pytest.raises(ValueError, match="not found"):
        cache.incr("over")
    cache.set("a", 1)
    cache.clear()
    assert cache.get_many(["a", "list"]) == {}


def test_processes_and_threads_lose_no_count_and_add_once(tmp_path: Path, cache: BaseCache) -> None:
    cache.add("count", 0, 600)
    command = [sys.executable, "-c", COUNT, str(tmp_path / "cache.sqlite3")]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    threads = [Thread(target=lambda: [cache.incr("count") for _ in range(250)]) for _ in range(2)]
    for thread in threads:
        thread.start()
    added = [int(process.communicate(timeout=120)[0].split()[1]) for process in running]
    for thread in threads:
        thread.join()
    assert cache.get("count") == 1500 and sum(added) == 500


def test_while_the_file_cannot_be_written_each_process_counts_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("project.cache.PAUSE_SECONDS", 0.0)
    path = tmp_path / "away" / "cache.sqlite3"
    here, of_another_thread = SharedCache(str(path), {}), SharedCache(str(path), {})
    assert here.add("count", 1) and of_another_thread.incr("count") == 2 and not here.add("count", 9)
    path.parent.mkdir()
    assert here.add("count", 7) and of_another_thread.incr("count") == 8
