"""What candidates may be found to be."""

from typing import Any

from django.http import JsonResponse
from rest_framework import serializers

from almagest.accounts.tokens import Scope
from almagest.api.documented import does, tells
from almagest.api.queries.vetting import NewChoices
from almagest.api.views.base import ApiView
from almagest.catalogs.selectors import catalog_get
from almagest.vetting.choices import choice_list, choices_change
from almagest.vetting.models import Choice

FIELDS = ("name", "title", "description", "sample_class", "retired")


class ChoiceWords(serializers.Serializer):
    """What candidates may be found to be."""

    name = serializers.CharField(help_text="In addresses and filters.")
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    sample_class = serializers.CharField(allow_blank=True, help_text="Class of the plugin that it stands for, if any.")
    retired = serializers.BooleanField(help_text="Offered no more; the verdicts that name it stay.")


class ChoicesWords(serializers.Serializer):
    """All choices of a catalog."""

    choices = ChoiceWords(many=True)


class Choices(ApiView):
    """What candidates may be found to be."""

    scope = Scope.MANAGE

    @tells("choices", "What a catalog's candidates may be found to be, retired choices last", ChoicesWords)
    def get(self, request, catalog):
        """Tell."""
        found = choice_list(catalog_get(user=self.reader, slug=catalog), with_retired=True)
        return JsonResponse({"choices": [_choice_told(each) for each in sorted(found, key=lambda each: each.retired)]})

    @does("choices_change", "Change what a catalog's candidates may be found to be", NewChoices, ChoicesWords)
    def put(self, request, catalog):
        """Offer these from now on, in this order; those that are left out are retired, and their verdicts stay."""
        wanted = self.checked(NewChoices, request.data)["choices"]
        edition = catalog_get(user=request.user, slug=catalog)
        found = choices_change(user=request.user, edition=edition, choices=wanted)
        return JsonResponse({"choices": [_choice_told(each) for each in found]})


def _choice_told(choice: Choice) -> dict[str, Any]:
    return {name: getattr(choice, name) for name in FIELDS}
