from django.apps import AppConfig


class VettingConfig(AppConfig):
    """Verdicts on candidates."""

    name = "almagest.vetting"
