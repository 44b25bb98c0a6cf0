from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

from sync.google_login.provider import CalendarGoogleProvider

urlpatterns = default_urlpatterns(CalendarGoogleProvider)
