from django.apps import AppConfig


class SkyConfig(AppConfig):
    """Surveys and their objects."""

    name = "almagest.sky"
