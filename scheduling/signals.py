"""What the calendar tells whoever listens in this process, after commit."""

from django.dispatch import Signal

# calendar_id (UUID), user_id, revision, event_ids (list of UUID), origin (an EventRevision.Origin)
events_changed = Signal()
