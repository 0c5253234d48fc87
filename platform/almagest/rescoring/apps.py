from django.apps import AppConfig


class RescoringConfig(AppConfig):
    """Passes over catalogs, and what they have changed."""

    name = "almagest.rescoring"
