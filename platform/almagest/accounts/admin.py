from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models.functions import Now

from almagest.accounts.models import Token, User
from almagest.accounts.services import runs_narrow

admin.site.register(User, UserAdmin)


class OwnedAdmin(admin.ModelAdmin):
    """Things with an owner: showing one to fewer people narrows its runs, as it does on its page."""

    def save_model(self, request, obj, form, change):
        """Save it, and see to its runs."""
        super().save_model(request, obj, form, change)
        runs_narrow(thing=obj)


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):
    """Tokens, to look at and to revoke: nobody can read one again, and none is made for somebody else."""

    list_display = ("prefix", "user", "name", "scopes", "created", "expires", "last_used", "revoked")
    list_filter = ("revoked", "expires")
    search_fields = ("prefix", "name", "user__username")
    exclude = ("sha256",)
    actions = ("revoke",)

    @admin.action(description="Revoke the chosen tokens")
    def revoke(self, request, queryset):
        """Make them useless, for good."""
        queryset.filter(revoked=None).update(revoked=Now())

    def has_add_permission(self, request):
        """Its text would be seen by whoever adds it."""
        return False

    def has_change_permission(self, request, obj=None):
        """What was given does not change; it is revoked."""
        return False
