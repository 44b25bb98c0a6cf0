"""A file on its way into a calendar, as a row: read, shown, and after a yes written in chunks.

Small files are worked on at once, large ones by the worker, which notes its progress in the row; a worker that
dies is followed by one that goes on from there.

Invariants:
- nothing is written before a person says yes
- every chunk and the progress over it are one transaction
- the file itself is forgotten once it is written, and after a day when nobody says yes
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduling.core.event import format_moment
from scheduling.core.ical import Problem, ReadCalendar, ReadEvent, UnreadableCalendar, read_calendar
from scheduling.models import Calendar, CalendarImport
from scheduling.services.errors import ReadOnly
from scheduling.services.importing import KINDS, SKIP, Step, apply_import, plan_import

CHUNK = 100  # events per transaction
MOST_SHOWN = 200  # rows and problems that are kept to be looked at
SMALL_FILE, FEW_EVENTS = 256 * 1024, 300  # worked on while its sender waits
SLICE_SECONDS = 25  # of work per task; a task may take 60
KEPT_FOR = timedelta(days=1)
MOST_OPEN = 5  # of one person, files included
READ_ONLY_CALENDAR = gettext_lazy("This calendar is read only. Choose another one.")

State = CalendarImport.State
UNREADABLE = "unreadable"  # events of the file that are in no step


def start_import(*, calendar: Calendar, file_name: str, data: bytes) -> CalendarImport:
    """Take in a file. A small one is read at once; otherwise `read_import` is the worker's to call.

    Raises `ReadOnly`, and `UnreadableCalendar` for a file that is refused at first sight.
    """
    if calendar.is_read_only:
        raise ReadOnly(str(READ_ONLY_CALENDAR))
    zone = calendar.user.profile.timezone
    read = read_calendar(data, zone=zone) if len(data) <= SMALL_FILE else None
    forget_imports()
    open_ones = CalendarImport.objects.filter(user_id=calendar.user_id).exclude(state=State.WRITING)
    CalendarImport.objects.filter(pk__in=open_ones.values_list("pk", flat=True)[MOST_OPEN - 1 :]).delete()
    job = CalendarImport.objects.create(
        user_id=calendar.user_id,
        calendar=calendar,
        file_name=file_name[:200] or "calendar.ics",
        content=zlib.compress(data, 6),
        time_zone=zone,
    )
    if read is not None:
        _plan(job, read)
    return job


def read_import(*, job: CalendarImport) -> None:
    """Read the file of `job` and note what would come of it; goes on to write when that is wished already."""
    if job.state != State.READING:
        return
    try:
        _plan(job, _read(job))
    except UnreadableCalendar as error:
        _fail(job, str(error))
    job.refresh_from_db(fields=["is_confirmed"])
    if job.is_confirmed and job.state == State.READY:
        confirm_import(job=job)


def confirm_import(*, job: CalendarImport) -> bool:
    """Say yes, also before it is read; true when all is done, false when the worker has to go on."""
    CalendarImport.objects.filter(pk=job.pk).update(is_confirmed=True)
    job.refresh_from_db()
    if job.state == State.READY:
        counts = dict.fromkeys(KINDS, 0) | {SKIP: job.counts.get(UNREADABLE, 0)}
        CalendarImport.objects.filter(pk=job.pk, state=State.READY).update(
            state=State.WRITING, counts=counts, done=0
        )
        job.refresh_from_db()
    if job.state == State.WRITING and job.total <= FEW_EVENTS:
        return write_import(job=job)
    return job.state in (State.DONE, State.FAILED)


def write_import(*, job: CalendarImport, seconds: float = SLICE_SECONDS) -> bool:
    """Write for so long, a chunk at least; true when nothing is left to do."""
    if job.state != State.WRITING:
        return True
    try:
        events = _read(job).events
    except UnreadableCalendar as error:
        _fail(job, str(error))
        return True
    end = monotonic() + seconds
    while job.state == State.WRITING:
        _write_chunk(job, events)
        if monotonic() >= end:
            break
    return job.state != State.WRITING


@transaction.atomic
def _write_chunk(job: CalendarImport, events: Sequence[ReadEvent]) -> None:
    """The next chunk, and the progress over it."""
    # Held until the chunk is in: a second worker finds the progress, not the same chunk.
    CalendarImport.objects.select_for_update().get(pk=job.pk)
    job.refresh_from_db()
    if job.state != State.WRITING:
        return
    chunk = events[job.done : job.done + CHUNK]
    counts = apply_import(calendar=job.calendar, events=chunk)
    job.counts = {kind: job.counts.get(kind, 0) + counts[kind] for kind in KINDS}
    job.done += len(chunk)
    if job.done >= len(events):
        job.state, job.content = State.DONE, None
    job.save(update_fields=["counts", "done", "state", "content", "updated_at"])


def discard_import(*, job: CalendarImport) -> None:
    """Forget a file that nobody wants to have written."""
    CalendarImport.objects.filter(pk=job.pk).exclude(state=State.WRITING).delete()


def forget_imports() -> int:
    """Delete what nobody said yes to for a day, and the records of what was done."""
    old = CalendarImport.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    return old.exclude(state=State.WRITING).delete()[0]


def _read(job: CalendarImport) -> ReadCalendar:
    if job.content is None:
        raise UnreadableCalendar(_("The file is gone. Choose it again."))
    return read_calendar(zlib.decompress(bytes(job.content)), zone=job.time_zone)


def _plan(job: CalendarImport, read: ReadCalendar) -> None:
    steps = plan_import(calendar=job.calendar, events=read.events)
    unreadable = sum(problem.is_lost and problem.is_event for problem in read.problems)
    job.counts = {kind: sum(step.kind == kind for step in steps) for kind in KINDS}
    job.counts[UNREADABLE] = unreadable
    job.counts[SKIP] += unreadable
    job.total = len(read.events)
    job.problems = [asdict(p) for p in [*read.problems, *_skipped(steps)][:MOST_SHOWN]]
    job.rows = [_row(step) for step in steps if step.kind != SKIP][:MOST_SHOWN]
    job.state = State.READY
    job.save(update_fields=["counts", "total", "problems", "rows", "state", "updated_at"])


def _skipped(steps: Sequence[Step]) -> list[Problem]:
    return [
        Problem(step.values.title if step.values else "", step.words) for step in steps if step.kind == SKIP
    ]


def _row(step: Step) -> dict[str, Any]:
    values = step.values
    assert values is not None
    return {
        "kind": "deleted" if step.event.is_cancelled else step.kind,
        "title": values.title,
        "start": format_moment(values.start),
        "end": format_moment(values.end),
        "repeats": bool(values.recurrence),
        "recurrence": list(values.recurrence)[:20],
    }


def _fail(job: CalendarImport, words: str) -> None:
    job.state, job.error, job.content = State.FAILED, words[:300], None
    job.save(update_fields=["state", "error", "content", "updated_at"])
