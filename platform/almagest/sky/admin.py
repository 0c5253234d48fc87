from django.contrib import admin

from almagest.accounts.admin import OwnedAdmin
from almagest.sky.models import CrossMatch, Ingest, Survey


@admin.register(Survey)
class SurveyAdmin(OwnedAdmin):
    """Surveys: who owns them and who sees them; the rest is declared in code."""

    list_display = ("slug", "name", "observed", "visibility", "owner")
    readonly_fields = ("slug", "name", "release", "description", "licence", "citation", "url", "observed", "table_name")


@admin.register(Ingest)
class IngestAdmin(admin.ModelAdmin):
    """Ingests, to look at."""

    list_display = ("id", "survey", "file_name", "rows_read", "new", "changed", "unchanged", "rejected", "finished")

    def has_change_permission(self, request, obj=None):
        """What happened does not change."""
        return False


@admin.register(CrossMatch)
class CrossMatchAdmin(IngestAdmin):
    """Cross-matches, to look at."""

    list_display = ("id", "survey_a", "survey_b", "radius_arcsec", "rows", "created")
