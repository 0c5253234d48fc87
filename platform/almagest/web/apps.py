from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages."""

    name = "almagest.web"
