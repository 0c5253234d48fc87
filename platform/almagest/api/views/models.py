"""Methods, model versions, their samples and scores."""

from django.http import JsonResponse
from rest_framework import serializers

from almagest.accounts.tokens import Scope
from almagest.api.answers import lookup_answer
from almagest.api.describing import model_told, sample_told
from almagest.api.documented import does, lists, looks_up, tells
from almagest.api.negotiation import TABLES
from almagest.api.queries.listings import FilteredPaging
from almagest.api.queries.objects import Choosing, ObjectIds
from almagest.api.rows import ColumnWords, row_serializer
from almagest.api.views.base import ApiView, ListingView
from almagest.core.listings.lookup import looked_up
from almagest.predictions.listings import prediction_listing
from almagest.predictions.selectors import current_sets
from almagest.predictions.services import ScoringError
from almagest.registry.listings import (
    COMPARISONS,
    METHODS,
    VERSIONS,
    comparison_listing,
    method_listing,
    version_listing,
)
from almagest.registry.selectors import version_get
from almagest.registry.services import version_promote
from almagest.samples.listings import SAMPLES, sample_listing
from almagest.samples.selectors import sample_get


class ModelWords(row_serializer(VERSIONS)):
    """A model version, with its metrics, its parameters and what it has scored."""

    parameters = serializers.DictField()
    sample_checksum = serializers.CharField(allow_null=True, help_text="Null where the sample is not yours to see.")
    metrics = serializers.ListField(child=serializers.DictField())
    notes = serializers.ListField(child=serializers.CharField())
    outputs = ColumnWords(many=True)
    scores = serializers.DictField(
        allow_null=True, help_text="The scoring that readers see, null where you see not all of it."
    )
    visibility = serializers.CharField()
    run = serializers.IntegerField(allow_null=True)


class SampleWords(row_serializer(SAMPLES)):
    """A sample, with what it was cut from and what was left out."""

    definition = serializers.DictField()
    counts = serializers.DictField()
    left_out = serializers.ListField(child=serializers.DictField())
    given_counts = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Of labels that people gave: how many were taken, and in place of what.",
    )
    visibility = serializers.CharField()
    run = serializers.IntegerField(allow_null=True)


@lists("methods", "Published methods, by plugin", METHODS)
class Methods(ListingView):
    """What can be trained."""

    def listing(self):
        """All."""
        return method_listing()


@lists("models", "Model versions, newest first", VERSIONS)
class Models(ListingView):
    """What was trained."""

    def listing(self):
        """Those that the reader may see."""
        return version_listing(user=self.reader)


@lists("comparisons", "Comparisons of contenders trained on one sample", COMPARISONS)
class Comparisons(ListingView):
    """Studies."""

    def listing(self):
        """Those that the reader may see."""
        return comparison_listing(user=self.reader)


@lists("samples", "Frozen samples, newest first", SAMPLES)
class Samples(ListingView):
    """What models learned from."""

    def listing(self):
        """Those that the reader may see."""
        return sample_listing(user=self.reader)


class Sample(ApiView):
    """One sample."""

    @tells("sample", "One sample", SampleWords)
    def get(self, request, name):
        """Tell of it."""
        return JsonResponse(sample_told(sample_get(user=self.reader, name=name)))


class OfVersion(ApiView):
    """Routes below one model version."""

    def version(self, user):
        """The version in the address."""
        return version_get(user=user, **{name: self.kwargs[name] for name in ("plugin", "method", "number")})

    def scores(self):
        """Its scores that readers see, or `ScoringError`."""
        version = self.version(self.reader)
        found = current_sets(user=self.reader).filter(version=version).first()
        if found is None:
            raise ScoringError(f"{version} has no scores yet", absent=True)
        return prediction_listing(user=self.reader, scores=found)


class Model(OfVersion):
    """One model version."""

    @tells("model", "One model version: where it comes from, how good it is, what it has scored", ModelWords)
    def get(self, request, **path):
        """Tell of it."""
        version = self.version(self.reader)
        scores = current_sets(user=self.reader).filter(version=version).first()
        return JsonResponse(model_told(version, scores, user=self.reader))


class ModelPromote(OfVersion):
    """A model version in production."""

    scope = Scope.MANAGE

    @does("model_promote", "Make a model version its method's production version", None, ModelWords)
    def post(self, request, **path):
        """Catalogs of its method follow it from their next rescoring on. For who owns it and the one before, and the staff."""
        version = self.version(request.user)
        version_promote(user=request.user, version=version)
        scores = current_sets(user=request.user).filter(version=version).first()
        return JsonResponse(model_told(version, scores, user=request.user))


@lists("predictions", "A model version's scores", absent=True)
class Predictions(OfVersion, ListingView):
    """A model version's scores."""

    query = FilteredPaging

    def listing(self):
        """Those of the version in the address."""
        return self.scores()


class PredictionLookup(OfVersion):
    """Scores by a list of ids."""

    renderer_classes = TABLES
    query, only_reads = Choosing, True

    @looks_up("predictions_lookup", "A model version's scores by a list of object ids, in the list's order", ObjectIds)
    def post(self, request, **path):
        """Give them in the list's order."""
        listing = self.scores().choosing(self.asked.get("columns", ""))
        return lookup_answer(request, looked_up(listing, self.checked(ObjectIds, request.data)["ids"], by="object_id"))
