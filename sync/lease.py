"""One run per account at a time: a lease with a fencing number, on the database's clock.

Invariants:
- whoever holds the lease has the account's present generation
- a run that lost its lease cannot commit anything: `Lease.hold` rolls its transaction back
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from sync.models import GoogleAccount

LEASE = timedelta(seconds=45)  # extended by every commit; longer than any one call to Google


HOST = f"{socket.gethostname()[:40]}:"


class LeaseLost(Exception):
    """Another run took over; everything of this one that is not committed must go."""


@dataclass(frozen=True)
class Lease:
    account_id: int
    generation: int

    @contextmanager
    def hold(self) -> Iterator[None]:
        """A transaction that commits only while the lease is ours; extends it. Raises `LeaseLost`."""
        with transaction.atomic():
            # The UPDATE comes first: it locks the row, so a taker-over waits until this commits.
            held = GoogleAccount.objects.filter(pk=self.account_id, lease_generation=self.generation).update(
                lease_until=Now() + LEASE
            )
            if not held:
                raise LeaseLost
            yield

    def release(self) -> None:
        GoogleAccount.objects.filter(pk=self.account_id, lease_generation=self.generation).update(
            lease_until=Now(), lease_owner=""
        )


def free_abandoned_leases() -> int:
    """Give back the leases of processes of this machine that are no more (killed in the middle of a run)."""
    held = GoogleAccount.objects.exclude(lease_owner="").filter(
        lease_until__gt=Now(), lease_owner__startswith=HOST
    )
    freed = 0
    for pk, owner, generation in held.values_list("pk", "lease_owner", "lease_generation"):
        if not _is_alive(int(owner.removeprefix(HOST).split(":")[0])):
            freed += GoogleAccount.objects.filter(pk=pk, lease_generation=generation).update(
                lease_until=Now(), lease_owner="", queued_until=Now(), next_run_at=Now()
            )
    return freed


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def take_lease(account_id: int) -> Lease | None:
    """The lease of the account, or None when another run holds it (claim by UPDATE and row count)."""
    owner = f"{HOST}{os.getpid()}:{uuid.uuid4().hex[:8]}"
    with transaction.atomic():
        taken = GoogleAccount.objects.filter(pk=account_id, lease_until__lte=Now()).update(
            lease_owner=owner,
            lease_generation=F("lease_generation") + 1,
            lease_until=Now() + LEASE,
            queued_until=Now(),  # what is asked for from now on may be queued anew
        )
        if not taken:
            return None
        generation = GoogleAccount.objects.values_list("lease_generation", flat=True).get(pk=account_id)
    return Lease(account_id, generation)
