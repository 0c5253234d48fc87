from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, and who may see what."""

    name = "almagest.accounts"
