"""The addresses of the stand-alone server (`sync.sandbox.server`)."""

from django.urls import include, path

urlpatterns = [path("sandbox/google/", include("sync.sandbox.urls"))]
