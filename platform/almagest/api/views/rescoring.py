"""A catalog's history: revisions, passes over it, differences between revisions; rescoring it, and rolling it back."""

from dataclasses import asdict

from django.http import JsonResponse
from django.urls import reverse
from rest_framework import serializers

from almagest.api.answers import plain
from almagest.api.describing import model_named, run_told
from almagest.api.documented import does, lists, tells
from almagest.api.queries.listings import DifferencePaging
from almagest.api.queries.rescoring import RollBack
from almagest.api.rows import row_serializer
from almagest.api.views.base import ApiView, ListingView
from almagest.api.views.runs import RunWords
from almagest.catalogs.selectors import catalog_get
from almagest.core.listings import read_page
from almagest.rescoring.drift import THRESHOLD
from almagest.rescoring.listings import PASSES, REVISIONS, pass_listing, revision_listing
from almagest.rescoring.models import Pass as PassModel
from almagest.rescoring.plans import pass_plan
from almagest.rescoring.selectors import difference_get, pass_get
from almagest.rescoring.services import pass_start, restore_start
from almagest.vetting.filters import parse_verdicts


class StaleWords(serializers.Serializer):
    """Objects of a survey that the scores do not know as they are now."""

    survey = serializers.CharField()
    new = serializers.IntegerField(help_text="Objects that came since.")
    changed = serializers.IntegerField(help_text="Objects that were measured anew.")
    unscored = serializers.IntegerField(help_text="All of them, where the model version has no scores yet.")


class DriftWords(serializers.Serializer):
    """How far a column of what was scored has moved from the training sample."""

    column = serializers.CharField()
    edges = serializers.ListField(child=serializers.FloatField(), help_text="Between the bins.")
    expected = serializers.ListField(
        child=serializers.IntegerField(), help_text="Training rows in each bin, and last those without a value."
    )
    found = serializers.ListField(child=serializers.IntegerField(), help_text="Scored objects in the same.")
    index = serializers.FloatField(help_text="Population stability index: 0 where both are alike.")
    of_chance = serializers.FloatField(help_text="What it is in the mean for so few objects where nothing has moved.")
    exceeds = serializers.BooleanField(help_text="Whether it exceeds that by more than the threshold.")


class FlippedWords(serializers.Serializer):
    """Objects with verdicts that have come into the catalog, or left it."""

    change = serializers.ChoiceField(("added", "removed"))
    verdict = serializers.CharField(help_text="What most people say of them.")
    count = serializers.IntegerField()


class PassWords(row_serializer(PASSES)):
    """A pass, with what it has scored and how that stands to the training sample."""

    stale = StaleWords(many=True)
    flipped = FlippedWords(many=True)
    drift = DriftWords(many=True, help_text="Of each feature and of the score, the largest first.")
    drift_threshold = serializers.FloatField()


class PassRunWords(RunWords):
    """The run of a pass."""

    report = serializers.URLField(help_text="Where the pass is, which will say what it has changed.")


class PlanWords(serializers.Serializer):
    """What a rescoring would do now."""

    revision = serializers.IntegerField(help_text="The catalog's, as it is.")
    ingest_id = serializers.IntegerField(help_text="Snapshot that it would be brought to.")
    plugin_name = serializers.CharField()
    method_name = serializers.CharField()
    version_number = serializers.IntegerField(help_text="Of the model version that it would be of.")
    is_needed = serializers.BooleanField(help_text="Whether there is anything to do.")
    is_another_version = serializers.BooleanField(help_text="Whether it is of another model version now.")
    objects = serializers.IntegerField(help_text="How many are to be scored.")
    seconds = serializers.FloatField(allow_null=True, help_text="About how long that takes, where it is known.")
    stale = StaleWords(many=True)


@lists("revisions", "A catalog's revisions, newest first", REVISIONS, absent=True)
class Revisions(ListingView):
    """What a catalog has been."""

    def listing(self):
        """Those that the reader may see."""
        slug = self.kwargs["catalog"]
        return revision_listing(user=self.reader, catalog=catalog_get(user=self.reader, slug=slug).catalog.slug)


@lists("passes", "Passes over a catalog, newest first", PASSES, absent=True)
class Passes(ListingView):
    """What has brought a catalog from one revision to the next, or failed to."""

    def listing(self):
        """Those that the reader may see."""
        slug = self.kwargs["catalog"]
        return pass_listing(user=self.reader, catalog=catalog_get(user=self.reader, slug=slug).catalog.slug)


class Pass(ApiView):
    """One pass."""

    @tells("pass", "One pass: what it has scored and changed, and whether that is like the training sample", PassWords)
    def get(self, request, catalog, pk):
        """Tell of it."""
        return JsonResponse(_pass_told(pass_get(user=self.reader, catalog=catalog, pk=pk), user=self.reader))


@lists("differences", "Rows that differ from one revision of a catalog to another", absent=True)
class Differences(ListingView):
    """The difference of two revisions whose rows are kept."""

    query = DifferencePaging

    def listing(self):
        """Those that were added, removed and changed on the way from the first to the second."""
        self.found = difference_get(user=self.reader, **self.kwargs)
        return self.found.listing

    def narrowed(self, listing):
        """By what people have said of them."""
        return parse_verdicts(listing, self.asked, self.found.later, self.reader)


class Rescoring(ApiView):
    """Bringing a catalog up to date."""

    @tells("rescoring_plan", "What rescoring a catalog would do now", PlanWords)
    def get(self, request, catalog):
        """Count what is stale, and do nothing: how far the catalog is up to date."""
        plan = pass_plan(edition=catalog_get(user=self.reader, slug=catalog))
        told = {name: getattr(plan, name) for name in ("ingest_id", "is_needed", "is_another_version", "seconds")}
        stale = [asdict(each) for each in plan.stale]
        words = {"revision": plan.edition.revision, "objects": plan.count, "stale": stale}
        return JsonResponse(words | told | model_named(plan.version))

    @does("rescore", "Rescore a catalog: score what is stale, and merge it", None, PassRunWords, status=202)
    def post(self, request, catalog):
        """Start it, as `manage.py rescore` does. Readers see the catalog as it is until all is merged at once."""
        edition = catalog_get(user=request.user, slug=catalog)
        return _followed(request, pass_start(edition=edition, owner=request.user))


class RollingBack(ApiView):
    """Going back."""

    @does("roll_back", "Give a catalog the rows of an earlier revision again", RollBack, PassRunWords, status=202)
    def post(self, request, catalog):
        """Start it, as `manage.py roll_back` does; that is a new revision, from which one can go back in turn."""
        revision = self.checked(RollBack, request.data)["revision"]
        edition = catalog_get(user=request.user, slug=catalog)
        return _followed(request, restore_start(edition=edition, revision=revision, owner=request.user))


def _pass_told(found: PassModel, *, user) -> dict:
    listing = pass_listing(user=user, catalog=found.catalog.slug).limited_to(("id = %s", [found.pk])).choosing("all")
    (row,) = read_page(listing, size=1).rows
    words = {"stale": found.stale, **{name: found.report.get(name, []) for name in ("drift", "flipped")}}
    return plain(row | words) | {"drift_threshold": found.report.get("drift_threshold", THRESHOLD)}


def _followed(request, found: PassModel) -> JsonResponse:
    """The run of a pass, and where to follow both."""
    here = reverse("api:pass", args=[found.catalog.slug, found.pk])
    answer = JsonResponse(run_told(found.run) | {"report": request.build_absolute_uri(here)}, status=202)
    answer.headers["Location"] = reverse("api:run", args=[found.run_id])
    return answer
