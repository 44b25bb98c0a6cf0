"""A passkey is added and signs its owner in, in a real browser under the real content policy."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import PASSWORD, PERSON, sign_in
from tests.conftest import own_product
from tests.servers import Product

pytestmark = [pytest.mark.browser, pytest.mark.processes]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Of its own: whoever signs in as Ana afterwards is asked for the key."""
    yield from own_product(tmp_path_factory)


def test_a_passkey_is_added_and_signs_in_without_a_password(browser: Browser, product: Product) -> None:
    context = browser.new_context(base_url=product.url.replace("127.0.0.1", "localhost"))
    page = context.new_page()
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    sign_in(page)
    page.goto("/accounts/2fa/webauthn/add/")
    page.fill("[name=password]", PASSWORD)  # who adds a key says once more who they are
    page.keyboard.press("Enter")
    page.fill("[name=name]", "My laptop")
    page.check("[name=passwordless]")
    page.click("#mfa_webauthn_add")
    expect(page.get_by_text("10 out of 10 recovery codes")).to_be_visible(timeout=20_000)
    page.goto("about:blank")  # a page of ours that finds itself signed out would go and ask who is there
    context.clear_cookies()
    page.goto("/accounts/login/")
    page.click("#passkey_login")
    page.wait_for_url(re.compile("/calendar/"), timeout=20_000)
    page.goto("/calendar/settings/activity/")
    expect(page.get_by_text("Added a second factor or passkey").first).to_be_visible()
    assert PERSON in page.content()
    context.close()
