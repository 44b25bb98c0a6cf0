"""Background work of the calendar; each is a thin call of a service and safe to run twice."""

from django_q.tasks import async_task

from scheduling import services


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
