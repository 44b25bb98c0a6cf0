from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = "Calendar"

    def ready(self) -> None:
        from scheduling import receivers, watching  # noqa: F401  (connects the receivers)
