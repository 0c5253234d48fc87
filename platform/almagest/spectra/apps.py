from django.apps import AppConfig


class SpectraConfig(AppConfig):
    """Spectra of objects."""

    name = "almagest.spectra"
