"""Writes. Every change of a calendar goes through one of these functions."""

from scheduling.services.bulk import create_remote_events
from scheduling.services.copies import (
    absorb_event,
    delete_calendar,
    mark_unsent,
    retire_events,
    set_local_only,
)
from scheduling.services.errors import InvalidEvent, ReadOnly, StaleEvent, UnknownOccurrence
from scheduling.services.events import (
    apply_remote,
    create_event,
    delete_event,
    keep_displaced,
    mark_synced,
    move_event,
    restore_event,
    set_sync_state,
    update_event,
)
from scheduling.services.feeds import close_feed, note_reading, open_feed, renew_feed
from scheduling.services.history import restore_revision
from scheduling.services.imports import (
    confirm_import,
    discard_import,
    forget_imports,
    read_import,
    start_import,
    write_import,
)
from scheduling.services.mail import (
    InvalidMail,
    claim_due_mails,
    forget_old_mails,
    queue_mail,
    send_due_mails,
)
from scheduling.services.occurrences import extend_occurrences
from scheduling.services.profiles import (
    create_api_token,
    create_calendar,
    ensure_profile,
    replace_available_slots,
    set_calendar_visibility,
    stop_mails,
    touch_api_token,
    update_calendar,
    update_profile,
)
from scheduling.services.series import (
    delete_following,
    delete_occurrence,
    restore_occurrence,
    update_following,
    update_occurrence,
    update_series,
)
from scheduling.services.subscriptions import (
    change_subscription,
    claim_due_subscriptions,
    refresh_soon,
    refresh_subscription,
    subscribe,
    unsubscribe,
)
from scheduling.services.undo import undo_change

__all__ = [
    "InvalidEvent",
    "InvalidMail",
    "ReadOnly",
    "StaleEvent",
    "UnknownOccurrence",
    "absorb_event",
    "apply_remote",
    "change_subscription",
    "claim_due_mails",
    "claim_due_subscriptions",
    "close_feed",
    "confirm_import",
    "create_api_token",
    "create_calendar",
    "create_event",
    "create_remote_events",
    "delete_calendar",
    "delete_event",
    "delete_occurrence",
    "delete_following",
    "discard_import",
    "ensure_profile",
    "extend_occurrences",
    "forget_imports",
    "forget_old_mails",
    "keep_displaced",
    "mark_synced",
    "mark_unsent",
    "move_event",
    "note_reading",
    "open_feed",
    "queue_mail",
    "read_import",
    "refresh_soon",
    "refresh_subscription",
    "renew_feed",
    "replace_available_slots",
    "restore_event",
    "restore_occurrence",
    "restore_revision",
    "retire_events",
    "send_due_mails",
    "set_calendar_visibility",
    "set_local_only",
    "set_sync_state",
    "start_import",
    "stop_mails",
    "subscribe",
    "touch_api_token",
    "undo_change",
    "unsubscribe",
    "update_calendar",
    "update_event",
    "update_following",
    "update_occurrence",
    "update_profile",
    "update_series",
    "write_import",
]
