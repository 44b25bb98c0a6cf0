"""What the scripts say (static/*.js, `gettext("…")` there): a page in another language than English carries these.

`tests/project/test_words.py` compares the lists with the scripts.
"""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_noop as _

OF_PAGES = (
    _("New event"),
    _("Left where it was."),
    _("%(day)s to %(last)s"),
    _("%(days)s, %(start)s to %(end)s"),
    _(
        "Picked up. Arrows move it, with Shift they change its end, Space drops it, Escape leaves it where it was."
    ),
    _("Closed without saving."),
    _("Continue"),
    _("Undo"),
    _("Dismiss"),
    _("Try again"),
    _("Not loaded."),
    _("Not saved."),
    _("Your text is still in the form."),
    _("This page is out of date. Reload it."),
    _("It is not here any more."),
    _("It was changed elsewhere in the meantime."),
    _("That is too much text."),
    _("The server did not understand it."),
    _("Too many requests at once. Wait a minute."),
    _("The server is busy."),
    _("The server met a fault; it is on record there."),
    _("The server did not answer for 15 s."),
    _("The server cannot be reached."),
    _("You are offline."),
    _("You are offline"),
    _("Server not reached"),
    _("Calendar updated"),
)
OF_GUESTS = (
    _("The free times have changed."),
    _("This time is held for two more minutes. “Keep it longer” makes it ten."),
    _("The time is not held any more; it may still be free."),
    _("This time is held for you for ten minutes."),
    _("It cannot be held longer. Send the form while the time runs."),
    _("Held for %(minutes)s more minutes."),
)


def script_words(*, of_guests: bool) -> dict[str, str]:
    """English text → what is said instead; empty in English."""
    if (get_language() or "en").startswith("en"):
        return {}
    return {text: translated(text) for text in (OF_GUESTS if of_guests else OF_PAGES)}
