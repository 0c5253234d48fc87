from django.apps import AppConfig
from django.core.checks import register

from almagest.web.checks import check_send_files


class WebConfig(AppConfig):
    """Pages."""

    name = "almagest.web"

    def ready(self) -> None:
        register(check_send_files)
