from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "sync.sandbox"
    label = "google_sandbox"
    verbose_name = "Sandbox Google"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from sync.sandbox import checks  # noqa: F401  registers the system check
