from django.contrib import admin

from almagest.samples.models import Sample


@admin.register(Sample)
class SampleAdmin(admin.ModelAdmin):
    """Samples, to look at."""

    list_display = ("name", "plugin_name", "rows", "visibility", "created")
