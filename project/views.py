"""What is shown when the server made a mistake, or cannot work for a moment."""

from __future__ import annotations

import sys

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template.loader import render_to_string

RETRY_SECONDS = "5"


def server_error(request: HttpRequest) -> HttpResponse:
    """Nothing of the mistake but the name under which the log has it.

    A database that does not answer (it is restarted, its disk is full, it is read-only) is no mistake: that is a 503 to try again.
    """
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError | InternalError):
        page = render_to_string("503.html")
        return HttpResponse(page, status=503, headers={"Retry-After": RETRY_SECONDS})
    name = getattr(request, "id", "")
    return HttpResponseServerError(render_to_string("500.html", {"request_id": name}))
