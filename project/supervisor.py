"""Keeps a few child processes running until told to stop, and leaves none behind.

Every child leads its own session, so that a Ctrl-C in the terminal reaches only the supervisor and a whole
child tree can be killed as one group. On Linux the kernel ends the children when the supervisor itself is
killed. Knows nothing of Django.

Invariants:
- a child that dies is started again, later and later, and one line says so
- five quick deaths in a row end the supervisor with status 1, or wait for a changed file when it watches
- after `run` returns no process of any child group is left
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

QUICK_SECONDS = 5.0
QUICK_DEATHS = 5
FIRST_DELAY, LONGEST_DELAY = 0.5, 8.0
GRACE_SECONDS = 10.0
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(signal_number: int = signal.SIGKILL) -> None:
    """Have the kernel send this process `signal_number` when its parent ends (Linux; elsewhere nothing)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(signal_number))


@dataclass(frozen=True)
class Program:
    """One command to keep running; `descriptors` stay open in it under the same numbers."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    descriptors: tuple[int, ...] = ()


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    kill_at: float = float("inf")
    quick_deaths: int = 0
    restarting: bool = False

    def start(self) -> None:
        parent = os.getpid()

        def prepare() -> None:
            die_with_parent(signal.SIGTERM)
            if os.getppid() != parent:  # it died before the kernel was told
                os._exit(1)

        self.process = subprocess.Popen(
            self.program.command,
            env=dict(self.program.environment),
            stdin=subprocess.DEVNULL,
            pass_fds=self.program.descriptors,
            start_new_session=True,
            preexec_fn=prepare,
        )
        self.started_at, self.kill_at, self.restarting = time.monotonic(), float("inf"), False

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def terminate(self, grace: float) -> None:
        """Ask the leader to end; what is left of its group is killed after `grace` seconds."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.kill_at = time.monotonic() + grace

    def kill_group(self, wait: float = 0.0) -> None:
        """Kill whatever is left of the group; look for up to `wait` seconds whether it is gone."""
        if self.process is None:
            return
        deadline = time.monotonic() + wait
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            while time.monotonic() < deadline:
                os.killpg(self.process.pid, 0)
                time.sleep(0.01)
        except (ProcessLookupError, PermissionError):
            pass  # gone; macOS refuses for a group of zombies
        self.process.wait()
        self.process = None


def _ending(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


class Supervisor:
    """Runs `programs` until SIGINT, SIGTERM or SIGHUP; a second signal skips the grace time.

    `changed` is asked about once a second, when given; whenever it says yes, every child is started anew.
    """

    def __init__(
        self,
        programs: Iterable[Program],
        *,
        say: Callable[[str], None],
        changed: Callable[[], bool] | None = None,
        grace: float = GRACE_SECONDS,
        first_delay: float = FIRST_DELAY,
    ) -> None:
        self._children = [_Child(program) for program in programs]
        self._say = say
        self._changed = changed
        self._grace = grace
        self._first_delay = first_delay
        self._signals = 0

    def run(self) -> int:
        """Blocks. Returns 0 after a signal, 1 when a child cannot be kept alive."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        os.set_blocking(reader, False)
        before = {
            number: signal.signal(number, handler)
            for number, handler in (
                (signal.SIGINT, self._on_signal),
                (signal.SIGTERM, self._on_signal),
                (signal.SIGHUP, self._on_signal),
                (signal.SIGCHLD, lambda *_: None),  # only to wake `_wait`
            )
        }
        previous_wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        try:
            return self._keep_running(reader)
        finally:
            self._stop(reader)
            signal.set_wakeup_fd(previous_wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(reader)
            os.close(writer)

    def _on_signal(self, number: int, frame: object) -> None:
        self._signals += 1

    def _wait(self, reader: int, seconds: float) -> None:
        """Until a signal arrives, at most `seconds`."""
        if select.select([reader], [], [], max(seconds, 0))[0]:
            os.read(reader, 4096)

    def _keep_running(self, reader: int) -> int:
        while not self._signals:
            now = time.monotonic()
            for child in self._children:
                if child.is_running:
                    if now >= child.kill_at:
                        child.kill_group()
                    continue
                if child.process is not None and not self._bury(child, now):
                    return 1
                if now >= child.start_at:
                    child.start()
            if self._changed is not None and self._changed():
                self._restart_all()
            idle = 1.0 if self._changed is not None else 5.0
            next_moment = min(
                child.kill_at if child.is_running else child.start_at for child in self._children
            )
            self._wait(reader, min(idle, next_moment - time.monotonic()))
        return 0

    def _bury(self, child: _Child, now: float) -> bool:
        """Clear away a dead child and plan its next start; False when it died too often."""
        assert child.process is not None
        status, lived = child.process.returncode, now - child.started_at
        child.kill_group()
        if child.restarting:
            child.start_at = now
            return True
        child.quick_deaths = child.quick_deaths + 1 if lived < QUICK_SECONDS else 1
        name = child.program.name
        if child.quick_deaths >= QUICK_DEATHS:
            if self._changed is None:
                self._say(f"{name} ended {QUICK_DEATHS} times in a row ({_ending(status)}); giving up.")
                return False
            self._say(f"{name} ended {QUICK_DEATHS} times in a row; it starts again when a file changes.")
            child.start_at = float("inf")
            return True
        delay = min(self._first_delay * 2 ** (child.quick_deaths - 1), LONGEST_DELAY)
        self._say(f"{name} ended unexpectedly ({_ending(status)}); starting it again in {delay:g} s.")
        child.start_at = now + delay
        return True

    def _restart_all(self) -> None:
        self._say("a file changed; starting again.")
        for child in self._children:
            child.restarting, child.quick_deaths, child.start_at = True, 0, 0.0
            child.terminate(grace=self._grace / 2)

    def _stop(self, reader: int) -> None:
        for child in self._children:
            child.terminate(self._grace)
        deadline, signals = time.monotonic() + self._grace, self._signals
        while any(child.is_running for child in self._children):
            if time.monotonic() >= deadline or self._signals > signals:
                break
            self._wait(reader, deadline - time.monotonic())
        for child in self._children:
            child.kill_group(wait=1.0)


@dataclass
class SourceWatch:
    """Says whether a file with one of `suffixes` under `roots` came, went or changed since last asked."""

    roots: list[Path]
    suffixes: tuple[str, ...]
    _seen: dict[str, int] | None = field(default=None, init=False)

    def __call__(self) -> bool:
        now = {path: stamp for root in self.roots for path, stamp in self._files(str(root))}
        before, self._seen = self._seen, now
        return before is not None and before != now

    def _files(self, folder: str) -> Iterable[tuple[str, int]]:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            return
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        yield from self._files(entry.path)
                elif entry.name.endswith(self.suffixes):
                    yield entry.path, entry.stat().st_mtime_ns
            except OSError:
                continue  # gone between the listing and the look
