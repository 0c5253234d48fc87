from django.contrib import admin

from almagest.accounts.admin import OwnedAdmin
from almagest.predictions.models import PredictionSet, Verification


@admin.register(PredictionSet)
class PredictionSetAdmin(admin.ModelAdmin):
    """Scorings, to look at."""

    list_display = ("id", "version", "state", "rows", "published")


@admin.register(Verification)
class VerificationAdmin(OwnedAdmin):
    """Verifications: owner and visibility may be changed, nothing else."""

    list_display = ("__str__", "owner", "visibility", "published")
    fields = ("owner", "visibility", "group")
