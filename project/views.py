"""What is shown when the server made a mistake."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template.loader import render_to_string


def server_error(request: HttpRequest) -> HttpResponse:
    """Nothing of the mistake but the name under which the log has it."""
    name = getattr(request, "id", "")
    return HttpResponseServerError(render_to_string("500.html", {"request_id": name}))
