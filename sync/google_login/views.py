from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView

from sync.google_login.oauth import ScopeKeepingAdapter

oauth2_login = OAuth2LoginView.adapter_view(ScopeKeepingAdapter)
oauth2_callback = OAuth2CallbackView.adapter_view(ScopeKeepingAdapter)
