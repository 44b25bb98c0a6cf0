"""Every page of the product with content on it: what the test of accessibility walks and the screenshots show.

`GUEST` and `OWNER` are tables of route → addresses to look at, with `{names}` of what `tests/planted.py` made; a route without
addresses is looked at as it is. `NO_PAGE` says why a route is none. `tests/test_pages_are_accessible.py` fails when a
route that answers HTML to GET stands in none of the three.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.servers import Product

OWNER_EMAIL, FACTOR_EMAIL = "bo@example.com", "kim@example.com"

Table = dict[str, tuple[str, ...]]

GUEST: Table = {
    "": (),
    "accounts/login/": (),
    "accounts/signup/": (),
    "accounts/inactive/": (),
    "accounts/confirm-email/": ("/accounts/confirm-email/", "/accounts/confirm-email/no-such-key/"),
    "accounts/google/login/": (),
    "accounts/3rdparty/login/cancelled/": (),
    "accounts/password/reset/": (),
    "accounts/password/reset/done/": (),
    "accounts/password/reset/key/done/": (
        "/accounts/password/reset/key/done/",
        "{reset_path}",
        "/accounts/password/reset/key/1-no-such-key/",
    ),
    "appointment/api/docs": (),
    "book/<slug:handle>/": ("/book/{handle}/",),
    "book/<slug:handle>/<str:name>/": ("/book/{handle}/{type}/", "/book/{handle}/{type}/?start={free_time}"),
    "bookings/<str:token>/": ("{view_path}",),
    "bookings/<str:token>/cancel/": ("{cancel_path}",),
    "bookings/<str:token>/reschedule/": ("{reschedule_path}", "{reschedule_path}?start={free_time}"),
    "mail/unsubscribe/<str:token>/": ("{unsubscribe_path}",),
    "sandbox/google/": (),
}

OWNER: Table = {
    "accounts/2fa/": (),
    "accounts/2fa/reauthenticate/": (),
    "accounts/2fa/recovery-codes/": (),
    "accounts/2fa/recovery-codes/generate/": (),
    "accounts/2fa/totp/deactivate/": (),
    "accounts/2fa/webauthn/": (),
    "accounts/2fa/webauthn/add/": (),
    "accounts/2fa/webauthn/keys/<int:pk>/edit/": (),
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": (),
    "accounts/3rdparty/": (),
    "accounts/email/": (),
    "accounts/logout/": (),
    "accounts/password/change/": (),
    "accounts/sessions/": (),
    "calendar/": (),
    "calendar/<str:view>/<str:date>/": tuple(
        f"/calendar/{view}/{{day}}/" for view in ("month", "week", "day", "agenda")
    )
    + ("/calendar/month/2031-05-01/", "/calendar/agenda/2031-05-01/"),
    "calendar/availability/": (),
    "calendar/bookings/": (),
    "calendar/bookings/<uuid:booking_id>/": (),
    "calendar/calendars/": (),
    "calendar/calendars/<uuid:calendar_id>/sharing/": (),
    "calendar/events/<uuid:event_id>/": (),
    "calendar/events/<uuid:event_id>/delete/": (),
    "calendar/events/<uuid:event_id>/edit/": (),
    "calendar/events/<uuid:event_id>/history/": (),
    "calendar/events/<uuid:event_id>/move/": (),
    "calendar/events/new/": (),
    "calendar/import/": (),
    "calendar/import/<uuid:import_id>/": (),
    "calendar/quick-add/": ("/calendar/quick-add/", "/calendar/quick-add/?text=call at 3 tomorrow"),
    "calendar/search/": (
        "/calendar/search/",
        "/calendar/search/?q=football",
        "/calendar/search/?q=nothing-at-all&people=x",
    ),
    "calendar/settings/": (),
    "calendar/settings/activity/": (),
    "calendar/settings/leave/": (),
    "calendar/settings/tokens/": (),
    "calendar/settings/webhooks/": (),
    "calendar/settings/webhooks/<uuid:webhook_id>/": (),
    "calendar/subscriptions/<uuid:calendar_id>/": (),
    "calendar/subscriptions/<uuid:calendar_id>/end/": (),
    "calendar/trash/": (),
    "calendar/types/": (),
    "calendar/types/<uuid:type_id>/": (),
    "calendar/types/<uuid:type_id>/team/": (),
    "calendar/types/new/": (),
    "dashboard/": (),
    "dashboard/bookings/": ("/dashboard/bookings/?kind=made&since={since}&until={until}",),
    "dashboard/events/": ("/dashboard/events/?since={since}&until={until}",),
    "sync/": (),
    "sync/calendars/<int:link_id>/": (),
    "sync/calendars/<int:link_id>/gone/": (),
    "sync/google/disconnect/": (),
    "sync/rehearsal/": (),
    "sync/resync/": (),
}

# Django's own pages in our colours: the overview, and one list for all of them. Its forms are as Django has them.
ADMINISTRATION = ("/admin/", "/admin/scheduling/booking/")

NO_PAGE = {
    "accounts/2fa/authenticate/": "the second step of signing in: a test of its own",
    "accounts/reauthenticate/": "asked of the owner on the way: a test of its own",
    "calendar/settings/confirm/": "asked of who has no password here: a test of its own",
    "setup/<str:key>/": "there before anybody is: a test of its own",
    "accounts/2fa/totp/activate/": "leads away from who has it: a test of its own",
    "accounts/2fa/recovery-codes/download/": "a text file",
    "accounts/2fa/webauthn/login/": "JSON for the browser's key",
    "accounts/2fa/webauthn/reauthenticate/": "the same",
    "accounts/3rdparty/login/error/": "the page of a failed sign-in: a test of its own",
    "accounts/3rdparty/signup/": "Google's people have an account at once",
    "accounts/google/login/callback/": "Google leads here, and it leads on",
    "accounts/login/code/confirm/": "no codes by mail",
    "accounts/password/set/": "leads who has a password to changing it",
    "appointment/api/": "leads to the description",
    "book/<slug:handle>/<str:name>/hold/": "JSON for the form of the guest",
    "bookings/<str:token>/answer/": "takes the answer of the page before it",
    "bookings/<str:token>/appointment.ics": "a file",
    "calendar/list/<str:date>/": "the part of the month that lists a day",
    "favicon.ico": "a picture",
    "feeds/<str:secret>.ics": "a calendar",
    "sync/tray/": "a part of the sync page",
    "sync/freshness/": "a part of every page",
}


@dataclass(frozen=True)
class Pages:
    """What was planted: the addresses of the two tables by route, and what people are told of failures, by name."""

    guest: dict[str, list[str]]
    owner: dict[str, list[str]]
    failures: dict[str, str]


def plant_in(product: Product) -> Pages:
    """Put a row of each kind into a demo product, after `OWNER_EMAIL` has signed in: from then on it asks for more."""
    told = product.command("shell", "--verbosity", "0", "-c", "from tests.planted import tell; tell()")
    return Pages(**json.loads(told.splitlines()[-1]))
