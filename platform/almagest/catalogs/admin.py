from django.contrib import admin

from almagest.accounts.admin import OwnedAdmin
from almagest.catalogs.models import Catalog


@admin.register(Catalog)
class CatalogAdmin(OwnedAdmin):
    """Catalogs: their words, owner and visibility."""

    list_display = ("slug", "title", "owner", "visibility")
