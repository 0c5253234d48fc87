from django.apps import AppConfig


class VoConfig(AppConfig):
    """Services of the Virtual Observatory."""

    name = "almagest.vo"
