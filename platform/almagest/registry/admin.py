from django.contrib import admin

from almagest.accounts.admin import OwnedAdmin
from almagest.registry.models import ModelVersion


@admin.register(ModelVersion)
class ModelVersionAdmin(OwnedAdmin):
    """Model versions: owner and visibility may be changed, nothing else."""

    list_display = ("__str__", "owner", "visibility", "created")
    fields = ("owner", "visibility", "group")
