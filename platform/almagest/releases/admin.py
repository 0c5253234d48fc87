from django.contrib import admin

from almagest.accounts.admin import OwnedAdmin
from almagest.releases.models import Release


@admin.register(Release)
class ReleaseAdmin(OwnedAdmin):
    """Releases, to look at: what was frozen is not edited, and only who sees it is changed here."""

    list_display = ("__str__", "state", "rows", "owner", "visibility", "published")
    list_filter = ("state",)
    fields = ("owner", "visibility", "group")

    def has_add_permission(self, request):
        """A run makes them."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Drafts are discarded on their page, with their files."""
        return False
