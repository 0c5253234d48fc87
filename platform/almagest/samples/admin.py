from django.contrib import admin

from almagest.accounts.admin import OwnedAdmin
from almagest.samples.models import Sample


@admin.register(Sample)
class SampleAdmin(OwnedAdmin):
    """Samples, to look at."""

    list_display = ("name", "plugin_name", "rows", "visibility", "created")
