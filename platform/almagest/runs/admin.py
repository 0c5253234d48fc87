from django.contrib import admin

from almagest.runs.models import Run


@admin.register(Run)
class RunAdmin(admin.ModelAdmin):
    """Runs, to look at."""

    list_display = ("id", "kind", "title", "state", "progress", "owner", "created")
    list_filter = ("kind", "state")
