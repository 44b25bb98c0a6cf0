"""Every browser test fails by a script that fails and by what the content policy refuses (S-01): here they are made."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.servers import wait_for

pytestmark = pytest.mark.browser

PAGE = b"""<!doctype html><title>Bad</title><p style="color: red">styled</p>
<script src="/fails.js"></script><script>document.title = 'ran'</script>"""


class BadSite(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_script = self.path == "/fails.js"
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
        self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        self.wfile.write(b"throw new Error('it failed')" if is_script else PAGE)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.mark.parametrize("with_scripts", [True, False])
def test_what_the_policy_refuses_and_a_script_that_fails_are_noted(
    browser: Browser, page_faults: list[str], with_scripts: bool
) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BadSite)
    Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context(java_script_enabled=with_scripts)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    wanted = {"inline style", "inline script", "it failed"} if with_scripts else {"inline style"}

    def noted() -> bool:
        page.title()  # lets what the browser has said come in
        said = " ".join(page_faults)
        return all(word in said for word in wanted)

    wait_for(noted, f"{wanted} in {page_faults}")
    context.close()
    page_faults.clear()
    server.shutdown()
    server.server_close()
