"""Candidate catalogs."""

from django.http import JsonResponse
from rest_framework import serializers

from almagest.api.answers import lookup_answer
from almagest.api.describing import columns_described, model_named
from almagest.api.documented import lists, looks_up, tells
from almagest.api.negotiation import TABLES
from almagest.api.queries.listings import CandidatePaging
from almagest.api.queries.objects import Choosing, ObjectIds
from almagest.api.rows import ColumnWords, row_serializer
from almagest.api.views.base import ApiView, ListingView
from almagest.catalogs.lasso import parse_lasso
from almagest.catalogs.listings import CATALOGS, candidate_listing, catalog_listing
from almagest.catalogs.selectors import catalog_get
from almagest.core.listings.lookup import looked_up
from almagest.vetting.filters import parse_verdicts


class CatalogWords(row_serializer(CATALOGS)):
    """A catalog, with its columns and the numbers of its page."""

    visibility = serializers.CharField()
    columns = ColumnWords(many=True)
    thresholds = serializers.ListField(
        child=serializers.DictField(), help_text="How many objects have at least so much."
    )
    survey_counts = serializers.DictField(child=serializers.IntegerField())
    ranges = serializers.DictField(help_text="Smallest and largest value of each column.")


@lists("catalogs", "Candidate catalogs", CATALOGS)
class Catalogs(ListingView):
    """Published catalogs."""

    def listing(self):
        """Those that the reader may see."""
        return catalog_listing(user=self.reader)


class Catalog(ApiView):
    """One catalog."""

    @tells("catalog", "One catalog with its columns", CatalogWords)
    def get(self, request, catalog):
        """Tell of it."""
        edition = catalog_get(user=self.reader, slug=catalog)
        kept = (
            "revision",
            "rank_by",
            "threshold",
            "rows",
            "is_simulated",
            "published",
            "thresholds",
            "survey_counts",
            "ranges",
        )
        told = {name: getattr(edition, name) for name in kept} | model_named(edition.version)
        words = {name: getattr(edition.catalog, name) for name in ("slug", "title", "description", "visibility")}
        return JsonResponse(words | told | {"columns": columns_described(edition.table)})


@lists("candidates", "A catalog's candidates, best first", absent=True)
class Candidates(ListingView):
    """The rows of a catalog."""

    query = CandidatePaging

    def listing(self):
        """Those of the catalog in the address."""
        self.edition = catalog_get(user=self.reader, slug=self.kwargs["catalog"])
        return candidate_listing(self.edition)

    def narrowed(self, listing):
        """By what people have said of them, and by where they lie in the latent space."""
        listing = parse_lasso(listing, self.request.query_params, self.edition)
        return parse_verdicts(listing, self.asked, self.edition, self.reader)


class CandidateLookup(ApiView):
    """Rows of a catalog by a list of ids."""

    renderer_classes = TABLES
    query, only_reads = Choosing, True

    @looks_up("candidates_lookup", "A catalog's candidates by a list of object ids, in the list's order", ObjectIds)
    def post(self, request, catalog):
        """Give them in the list's order."""
        listing = candidate_listing(catalog_get(user=self.reader, slug=catalog)).choosing(self.asked.get("columns", ""))
        return lookup_answer(request, looked_up(listing, self.checked(ObjectIds, request.data)["ids"], by="object_id"))
