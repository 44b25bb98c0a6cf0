"""Background work of the calendar; each is a thin call of a service and safe to run twice."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.utils import timezone, translation
from django_q.tasks import async_task

from scheduling import services
from scheduling.languages import language_of
from scheduling.models import CalendarImport, CalendarSubscription

STALLED_AFTER = timedelta(minutes=10)


def extend_occurrences() -> int:
    return services.extend_occurrences()


def send_due_mails() -> int:
    return services.send_due_mails()


def forget_old_mails() -> int:
    return services.forget_old_mails()


def enqueue_due_mails() -> bool:
    """Queue one sending of what is due: called by the worker's ticker and, as a net, by a schedule."""
    if not services.claim_due_mails():
        return False
    async_task("scheduling.tasks.send_due_mails", task_name="send mails")
    return True


def _speaking_to(user: User) -> translation.override:
    """What is found out for this person is kept in their language."""
    return translation.override(language_of(user))


def read_import(import_id: str) -> str:
    job = CalendarImport.objects.select_related("calendar__user__profile").filter(pk=import_id).first()
    if job is not None:
        with _speaking_to(job.calendar.user):
            services.read_import(job=job)
        if job.state == CalendarImport.State.WRITING:
            enqueue_import_writing(import_id)
    return job.state if job else "gone"


def write_import(import_id: str) -> str:
    job = CalendarImport.objects.select_related("calendar__user__profile").filter(pk=import_id).first()
    if job is None:
        return "gone"
    with _speaking_to(job.calendar.user):
        is_done = services.write_import(job=job)
    if not is_done:
        enqueue_import_writing(import_id)
    return f"{job.done} of {job.total}"


def enqueue_import_reading(import_id: str) -> None:
    async_task("scheduling.tasks.read_import", str(import_id), task_name=f"read import {import_id}")


def enqueue_import_writing(import_id: str) -> None:
    async_task("scheduling.tasks.write_import", str(import_id), task_name=f"write import {import_id}")


def enqueue_stalled_imports() -> int:
    """Queue imports anew whose task was lost: called by a schedule. Working on one twice changes nothing."""
    stalled = CalendarImport.objects.filter(updated_at__lt=timezone.now() - STALLED_AFTER)
    reading, writing = (
        stalled.filter(state=state).values_list("pk", flat=True)
        for state in (CalendarImport.State.READING, CalendarImport.State.WRITING)
    )
    for import_id in reading:
        enqueue_import_reading(str(import_id))
    for import_id in writing:
        enqueue_import_writing(str(import_id))
    return len(reading) + len(writing)


def refresh_subscription(calendar_id: str) -> str:
    found = CalendarSubscription.objects.select_related("calendar__user__profile").filter(
        pk=UUID(calendar_id)
    )
    subscription = found.first()
    if subscription is None:
        return "gone"
    with _speaking_to(subscription.calendar.user):
        changed = services.refresh_subscription(subscription=subscription)
    return subscription.last_error or ("changed" if changed else "unchanged")


def enqueue_due_subscriptions() -> int:
    """Queue what is to be read: called by the worker's ticker."""
    due = services.claim_due_subscriptions()
    for calendar_id in due:
        async_task(
            "scheduling.tasks.refresh_subscription",
            str(calendar_id),
            task_name=f"read subscription {calendar_id}",
        )
    return len(due)


def forget_old_audit_entries() -> int:
    return services.forget_old_audit_entries()


def send_due_deliveries() -> int:
    return services.send_due_deliveries()


def enqueue_due_deliveries() -> bool:
    """Queue one round of telling programs: called by the worker's ticker and, as a net, by a schedule."""
    if not services.claim_due_deliveries():
        return False
    async_task("scheduling.tasks.send_due_deliveries", task_name="tell programs")
    return True


def forget_old_deliveries() -> int:
    return services.forget_old_deliveries()


def settle_bookings() -> int:
    return services.settle_bookings()


def remind_due_people() -> int:
    """Queue the reminders that are due: called by the worker's ticker and, as a net, by a schedule."""
    return services.remind_due_people()


def forget_old_reminders() -> int:
    return services.forget_old_reminders()
