from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from project.supervisor import Program, SourceWatch, Supervisor
from tests.servers import wait_for

STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    open(sys.argv[1], "w").write(f"{os.getpid()} {child}")
while True:
    signal.pause()
"""


def program(code: str, *arguments: str) -> Program:
    return Program("web", [sys.executable, "-S", "-c", code, *arguments], dict(os.environ))


def signal_when(path: Path) -> threading.Thread:
    """Send this process SIGTERM once `path` has content."""

    def watch() -> None:
        wait_for(lambda: path.exists() and path.read_text(), f"{path} to be written")
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_supervisor_gives_up_after_five_quick_deaths_in_a_row() -> None:
    said: list[str] = []
    assert Supervisor([program("raise SystemExit(3)")], say=said.append, first_delay=0.001).run() == 1
    assert said[0] == "web ended unexpectedly (exit status 3); starting it again in 0.001 s."
    assert said[-1] == "web ended 5 times in a row (exit status 3); giving up."
    assert len(said) == 5


def test_supervisor_kills_a_group_that_does_not_stop_in_time(tmp_path: Path) -> None:
    started = tmp_path / "started"
    thread = signal_when(started)
    assert Supervisor([program(STUBBORN, str(started))], say=print, grace=0.1).run() == 0
    thread.join()
    for pid in started.read_text().split():
        wait_for(lambda pid=pid: not runs(int(pid)), f"process {pid} to be gone")


def test_supervisor_starts_a_child_anew_when_a_file_changed(tmp_path: Path) -> None:
    starts, answers = tmp_path / "starts", iter([False, True])
    second = tmp_path / "second"
    code = (
        "import sys, signal\n"
        "file = open(sys.argv[1], 'a+'); file.write('x'); file.flush(); file.seek(0)\n"
        "if file.read() == 'xx': open(sys.argv[2], 'w').write('x')\n"
        "signal.pause()"
    )
    said: list[str] = []
    thread = signal_when(second)
    supervisor = Supervisor(
        [program(code, str(starts), str(second))],
        say=said.append,
        changed=lambda: starts.exists() and next(answers, False),
    )
    assert supervisor.run() == 0
    thread.join()
    assert said == ["a file changed; starting again."]


def test_source_watch_sees_new_changed_and_removed_files(tmp_path: Path) -> None:
    watch = SourceWatch([tmp_path], (".py",))
    folder = tmp_path / "package"
    folder.mkdir()
    file = folder / "module.py"
    assert not watch()
    file.write_text("one")
    assert watch() and not watch()
    os.utime(file, ns=(1, 1))
    assert watch() and not watch()
    (folder / "notes.md").write_text("ignored")
    assert not watch()
    file.unlink()
    assert watch() and not watch()


def runs(pid: int) -> bool:
    """Whether the process exists and is more than a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
