from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    """Scores of model versions."""

    name = "almagest.predictions"
