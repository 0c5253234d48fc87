from django.apps import AppConfig


class RunsConfig(AppConfig):
    """The work ledger: runs, their chunks, and the waking of workers."""

    name = "almagest.runs"
