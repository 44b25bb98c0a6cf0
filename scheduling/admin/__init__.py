"""Administration. Saving and deleting go through the services, so that history, sync and open pages follow."""

from scheduling.admin import booking, calendars, events, people  # noqa: F401  (they register their pages)
from scheduling.admin.common import ReadOnlyAdmin
from scheduling.admin.people import UserAdmin

__all__ = ["ReadOnlyAdmin", "UserAdmin"]
