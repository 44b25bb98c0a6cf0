from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SyncConfig(AppConfig):
    name = "sync"
    verbose_name = _("Google Calendar")

    def ready(self) -> None:
        from allauth.socialaccount.models import SocialToken

        from scheduling.busy import register_unknown
        from sync import checks, receivers  # noqa: F401  (connects checks and receivers)
        from sync.encryption import EncryptedTextField
        from sync.queries import busy_is_unknown

        register_unknown(busy_is_unknown)

        # allauth stores its tokens as plain text. Changing the class of its two columns encrypts them at
        # rest without a migration: `deconstruct` still reports a TextField (stack.md section 3).
        for name in ("token", "token_secret"):
            SocialToken._meta.get_field(name).__class__ = EncryptedTextField
