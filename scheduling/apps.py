from django.apps import AppConfig
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from scheduling.core import language


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = _("Calendar")

    def ready(self) -> None:
        from scheduling import reauthentication, receivers, watching  # noqa: F401  (connects the receivers)

        language.use(translation)
