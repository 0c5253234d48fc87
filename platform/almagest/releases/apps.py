from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    """Data releases."""

    name = "almagest.releases"
