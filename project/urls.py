from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.urls import include, path, reverse
from django.utils.translation import gettext as _

from project import first_run_page, health
from scheduling.api import api

handler500 = "project.views.server_error"
admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # allauth's rate limits and second factor
admin.site.site_header = admin.site.site_title = "Appointment"


@login_not_required
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """For browsers that ask before they have read a page."""
    return HttpResponseRedirect(static("mark.svg"))


@login_not_required
def manifest(request: HttpRequest) -> JsonResponse:
    """What a device shows once the calendar is installed on it."""
    icons = [
        {
            "src": static(f"icons/{name}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for name, size, purpose in (
            ("icon-192", 192, "any"),
            ("icon-512", 512, "any"),
            ("icon-maskable-512", 512, "maskable"),
        )
    ]
    return JsonResponse(
        {
            "name": "Appointment",
            "short_name": "Appointment",
            "id": "/calendar/",
            "start_url": "/calendar/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": "#0d664d",
            "icons": icons,
            "shortcuts": [
                {"name": _("New event"), "url": reverse("event-new")},
                {"name": _("Quick add"), "url": reverse("quick-add")},
            ],
        },
        content_type="application/manifest+json",
    )


urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("sync/", include("sync.urls")),
    path("appointment/api/", api.urls),
    path("admin/", admin.site.urls),
    path("setup/<str:key>/", first_run_page.make_administrator, name="first-run"),
    path("metrics", health.metrics, name="metrics"),
    path("favicon.ico", favicon),
    path("manifest.webmanifest", manifest, name="manifest"),
    path("", include("scheduling.urls")),
]
if settings.GOOGLE_SANDBOX:
    urlpatterns.insert(0, path("sandbox/google/", include("sync.sandbox.urls")))
