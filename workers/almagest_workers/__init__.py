"""The Celery application and its thin tasks: the only code that knows both the platform and the plugins."""
