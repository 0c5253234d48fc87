"""Labels made of verdicts."""

from typing import Any

from django.http import JsonResponse
from rest_framework import serializers

from almagest.api.documented import does, lists, tells
from almagest.api.queries.vetting import NewLabels
from almagest.api.rows import row_serializer
from almagest.api.views.base import ApiView, ListingView
from almagest.catalogs.selectors import catalog_get
from almagest.vetting.labels import TABLE as LABELS
from almagest.vetting.labels import label_rows, labels_freeze
from almagest.vetting.listings import LABEL_SETS, label_set_listing
from almagest.vetting.models import LabelSet
from almagest.vetting.selectors import label_set_get


class LabelSetWords(row_serializer(LABEL_SETS)):
    """A set of labels, and where it is from."""

    criteria = serializers.DictField()
    surveys = serializers.ListField(child=serializers.CharField())
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Objects by class.")
    visibility = serializers.CharField()
    owner_name = serializers.CharField(allow_null=True)


class LabelsFreeze(ApiView):
    """Making labels of verdicts."""

    @does(
        "labels_freeze",
        "Freeze a catalog's verdicts as labels, for samples to be made with",
        NewLabels,
        LabelSetWords,
        status=201,
    )
    def post(self, request, catalog):
        """Keep what people agree on now; `runs/freeze-sample/` takes the name of the set as `labels`."""
        body = self.checked(NewLabels, request.data)
        edition = catalog_get(user=request.user, slug=catalog)
        made = labels_freeze(user=request.user, edition=edition, **body)
        return JsonResponse(_labels_told(made, request.user), status=201)


@lists("label_sets", "Verdicts frozen as labels, newest first", LABEL_SETS)
class LabelSets(ListingView):
    """Sets of labels."""

    def listing(self):
        """Those that the reader may see."""
        return label_set_listing(user=self.reader)


class OneLabelSet(ApiView):
    """One set of labels."""

    @tells("label_set", "One set of labels, and where it is from", LabelSetWords)
    def get(self, request, name):
        """Tell of it."""
        return JsonResponse(_labels_told(label_set_get(user=self.reader, name=name), self.reader))


@lists("label_rows", "The labels of a set", LABELS, absent=True)
class LabelRows(ListingView):
    """Labels of objects."""

    def listing(self):
        """Those of the set in the address."""
        return label_rows(label_set_get(user=self.reader, name=self.kwargs["name"]))


def _labels_told(labels: LabelSet, user) -> dict[str, Any]:
    kept = ("name", "revision", "rows", "people", "checksum", "created", "criteria", "surveys", "counts", "visibility")
    owner = labels.owner.username if labels.owner and user.is_authenticated else None
    return {name: getattr(labels, name) for name in kept} | {"catalog_slug": labels.catalog.slug, "owner_name": owner}
