"""What the calendar tells whoever listens in this process, after commit."""

from django.dispatch import Signal

# calendar_id (UUID), user_id, revision, event_ids (list of UUID), origin (an EventRevision.Origin)
events_changed = Signal()

# user_ids (list): people who have a calendar open now; about once a minute for each of them
calendars_open = Signal()
