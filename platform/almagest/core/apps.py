from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Declared tables, bulk copy, files."""

    name = "almagest.core"
