from django.apps import AppConfig


class SamplesConfig(AppConfig):
    """Frozen samples."""

    name = "almagest.samples"
