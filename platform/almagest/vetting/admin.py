from django.contrib import admin

from almagest.accounts.admin import OwnedAdmin
from almagest.vetting.models import Choice, LabelSet, OfferedTags, Verdict


class ToLookAt(admin.ModelAdmin):
    """What people have said is not edited: they change it themselves, and the history keeps it."""

    def has_add_permission(self, request):
        """Verdicts are given on pages."""
        return False

    def has_change_permission(self, request, obj=None):
        """A verdict is what somebody said."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Nothing is deleted: it would not be counted anew."""
        return False


@admin.register(Choice)
class ChoiceAdmin(ToLookAt):
    """What candidates may be found to be; changed on the catalog's page."""

    list_display = ("name", "title", "catalog", "sample_class", "retired")
    list_filter = ("catalog", "retired")


@admin.register(OfferedTags)
class OfferedTagsAdmin(ToLookAt):
    """Tags of catalogs whose owners have changed them; changed on the catalog's page."""

    list_display = ("catalog", "names")


@admin.register(Verdict)
class VerdictAdmin(ToLookAt):
    """All verdicts."""

    list_display = ("catalog", "source_id", "user", "choice", "confidence", "created", "is_current")
    list_filter = ("catalog", "is_current")
    list_select_related = ("catalog", "user", "choice")
    search_fields = ("source_id", "user__username", "comment")


@admin.register(LabelSet)
class LabelSetAdmin(OwnedAdmin):
    """Sets of labels, to look at; only who sees them is changed here."""

    list_display = ("name", "catalog", "revision", "rows", "owner", "visibility")
    fields = ("owner", "visibility", "group")

    def has_add_permission(self, request):
        """They are frozen from verdicts."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Samples name them."""
        return False
