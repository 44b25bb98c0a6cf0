"""Settings that are saved as they are made."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.scheduling.test_calendar_views import SETTINGS


def test_every_setting_is_on_the_page_and_saved_at_once(alice: Any, client: Client) -> None:
    client.force_login(alice)
    page = client.get("/calendar/settings/").content.decode()
    for name in SETTINGS | {"second_time_zone": "", "show_weekends": "", "email_notifications": ""} | {
        "page_notifications": "", "agenda_time": "", "quiet_from": "", "quiet_until": "", "google_calendar_sync_enabled": ""
    }:  # fmt: skip
        assert f'name="{name}"' in page
    live = {"HTTP_HX_REQUEST": "true"}
    same_look = {**SETTINGS, "theme": "system", "density": alice.profile.density}
    saved = client.post("/calendar/settings/", same_look, **live)
    assert saved.status_code == 204 and "Saved." in saved["HX-Trigger"]
    refused = client.post("/calendar/settings/", {**same_look, "reminder_minutes": "-5"}, **live)
    assert refused.status_code == 422 and 'name="had_errors"' in refused.content.decode()
    mended = client.post("/calendar/settings/", {**same_look, "had_errors": "1"}, **live)
    assert mended.status_code == 200 and 'name="had_errors"' not in mended.content.decode()
    assert "HX-Refresh" in client.post("/calendar/settings/", SETTINGS, **live)
    alice.profile.refresh_from_db()
    assert (alice.profile.timezone, alice.profile.theme) == ("America/New_York", "dark")
