from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Plugins, their methods, and trained model versions."""

    name = "almagest.registry"
