"""Leaving a kind of mail by the link in it: looking changes nothing, the button does."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from scheduling import services
from scheduling.unsubscribe import KINDS, read_token


@csrf_exempt  # mail programs POST here by themselves (RFC 8058); the signed address is the permission
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    found = read_token(token)
    if found is None:
        raise Http404
    user_id, kind = found
    if request.method == "POST":
        services.stop_mails(user_id=user_id, kind=kind)
    context = {"kind": KINDS[kind], "is_done": request.method == "POST"}
    response = render(request, "unsubscribe.html", context)
    response["Referrer-Policy"] = "no-referrer"  # the address is a key
    return response
