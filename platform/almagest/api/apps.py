from importlib import import_module

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The REST API."""

    name = "almagest.api"

    def ready(self):
        """Let the schema know how one logs in."""
        import_module("almagest.api.schema")
