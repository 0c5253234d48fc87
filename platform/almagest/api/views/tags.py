"""Tags that catalogs offer."""

from django.http import JsonResponse
from rest_framework import serializers

from almagest.accounts.tokens import Scope
from almagest.api.documented import does, tells
from almagest.api.queries.vetting import NewTags
from almagest.api.views.base import ApiView
from almagest.catalogs.selectors import catalog_get
from almagest.vetting.tags import tag_list, tags_change


class OfferedTagsWords(serializers.Serializer):
    """Tags that a catalog offers; verdicts may have others too."""

    tags = serializers.ListField(child=serializers.CharField())


class Tags(ApiView):
    """What candidates are tagged with."""

    scope = Scope.MANAGE

    @tells("tags", "Tags that a catalog offers: its plugin's, until its owner has changed them", OfferedTagsWords)
    def get(self, request, catalog):
        """Tell."""
        return JsonResponse({"tags": tag_list(catalog_get(user=self.reader, slug=catalog))})

    @does("tags_change", "Change the tags that a catalog offers", NewTags, OfferedTagsWords)
    def put(self, request, catalog):
        """Offer these from now on, in this order; verdicts keep the tags that they have."""
        wanted = self.checked(NewTags, request.data)["tags"]
        edition = catalog_get(user=request.user, slug=catalog)
        return JsonResponse({"tags": tags_change(user=request.user, edition=edition, tags=wanted)})
