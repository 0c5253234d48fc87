from django.contrib import admin

from almagest.predictions.models import PredictionSet


@admin.register(PredictionSet)
class PredictionSetAdmin(admin.ModelAdmin):
    """Scorings, to look at."""

    list_display = ("id", "version", "state", "rows", "published")
