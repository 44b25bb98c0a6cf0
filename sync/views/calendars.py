"""Which of Google's calendars are mirrored, and how."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from sync import connection
from sync.models import CalendarLink
from sync.tasks import run_now


@require_POST
def calendar_switch(request: HttpRequest, link_id: int) -> HttpResponse:
    """Mirror a Google calendar here, or stop it."""
    link = get_object_or_404(CalendarLink, account__user=request.user, pk=link_id)
    if request.POST.get("enabled"):
        connection.enable_calendar(link=link)
        run_now([link.account.pk])
    else:
        connection.disable_calendar(link=link)
    return redirect("sync")
