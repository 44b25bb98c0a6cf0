from django.apps import AppConfig


class GoogleLoginConfig(AppConfig):
    name = "sync.google_login"
    label = "google_login"
