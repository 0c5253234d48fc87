from django.apps import AppConfig


class ServerConfig(AppConfig):
    """Starts and stops everything: embedded servers, workers, web."""

    name = "almagest.server"
