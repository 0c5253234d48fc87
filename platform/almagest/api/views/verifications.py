"""Verifications: models held against catalogs of labels."""

from django.http import JsonResponse
from rest_framework import serializers

from almagest.api.describing import verification_told
from almagest.api.documented import lists, tells
from almagest.api.rows import row_serializer
from almagest.api.views.base import ApiView, ListingView
from almagest.predictions.listings import PAIRS, VERIFICATIONS, pair_listing, verification_listing
from almagest.predictions.verification.selectors import verification_get


class VerificationWords(row_serializer(VERIFICATIONS)):
    """A verification, with what came out."""

    surveys = serializers.ListField(child=serializers.CharField())
    metrics = serializers.DictField(help_text="Of the pairs that the model has not learned from, and of all.")
    counts = serializers.ListField(child=serializers.DictField())
    reasons = serializers.ListField(child=serializers.DictField())
    notes = serializers.ListField()
    run = serializers.IntegerField(allow_null=True)


@lists("verifications", "Verifications, newest first", VERIFICATIONS)
class Verifications(ListingView):
    """All verifications."""

    def listing(self):
        """Those that the reader may see."""
        return verification_listing(user=self.reader)


class Verification(ApiView):
    """One verification."""

    @tells("verification", "One verification", VerificationWords)
    def get(self, request, pk):
        """Tell of it."""
        return JsonResponse(verification_told(verification_get(user=self.reader, pk=pk)))


@lists("verified_pairs", "A verification's pairs", PAIRS, absent=True)
class Pairs(ListingView):
    """The pairs of a verification."""

    def listing(self):
        """Those of the verification in the address."""
        return pair_listing(user=self.reader, verification=verification_get(user=self.reader, pk=self.kwargs["pk"]))
