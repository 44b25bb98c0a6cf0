from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path

from project import health
from scheduling.api import api

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # allauth's rate limits and second factor
admin.site.site_header = admin.site.site_title = "Appointment"


@login_not_required
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """For browsers that ask before they have read a page."""
    return HttpResponseRedirect(static("mark.svg"))


urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("sync/", include("sync.urls")),
    path("appointment/api/", api.urls),
    path("admin/", admin.site.urls),
    path("metrics", health.metrics, name="metrics"),
    path("favicon.ico", favicon),
    path("", include("scheduling.urls")),
]
if settings.GOOGLE_SANDBOX:
    urlpatterns.insert(0, path("sandbox/google/", include("sync.sandbox.urls")))
