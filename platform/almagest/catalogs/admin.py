from django.contrib import admin

from almagest.catalogs.models import Catalog


@admin.register(Catalog)
class CatalogAdmin(admin.ModelAdmin):
    """Catalogs: their words, owner and visibility."""

    list_display = ("slug", "title", "owner", "visibility")
