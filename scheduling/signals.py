"""What the calendar tells whoever listens in this process."""

from django.dispatch import Signal

# After commit. calendar_id (UUID), user_id, revision, event_ids (list of UUID), origin (an EventRevision.Origin)
events_changed = Signal()

# user_ids (list): people who have a calendar open now; about once a minute for each of them
calendars_open = Signal()
# Inside the transaction that wrote it, after the row. event (CalendarEvent)
event_written = Signal()
# Outside any transaction, before a person's rows go for good: user. Receivers may ask outside servers.
account_leaving = Signal()
