from django.apps import AppConfig


class CatalogsConfig(AppConfig):
    """Candidate catalogs."""

    name = "almagest.catalogs"
