"""Surveys, what was ingested into them when, and cross-matches between them. The objects are in declared tables."""

from django.conf import settings
from django.db import models

from almagest.accounts.models import Owned, OwnedQuerySet
from almagest.runs.models import runs_naming


class SurveyQuerySet(OwnedQuerySet):
    """Surveys, which other things name by their slugs."""

    def hidden_slugs(self, user) -> list[str]:
        """Slugs of those that the user may not see: what names one of them is hidden too."""
        return list(self.hidden_from(user).values_list("slug", flat=True))


class Survey(Owned):
    """One release of one survey, as its declaration in `surveys/` says."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    release = models.CharField(max_length=60)
    description = models.TextField()
    licence = models.TextField()
    citation = models.TextField()
    url = models.URLField(blank=True)
    # False: numbers from a simulation; every page that shows them says so.
    observed = models.BooleanField()
    table_name = models.CharField(max_length=63)

    objects = SurveyQuerySet.as_manager()

    class Meta:
        """By slug."""

        ordering = ["slug"]

    def __str__(self):
        return self.name

    def runs(self) -> models.QuerySet:
        """Those that rest on its objects."""
        return runs_naming(surveys=[self.slug]) | runs_naming(against=self.slug)


class Ingest(models.Model):
    """One file that was loaded, whole. Larger ids were committed later: an id names a state of all measurements."""

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="ingests")
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, db_index=True)
    rows_read = models.BigIntegerField(default=0)
    new = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    # {why: how many rows}
    reasons = models.JSONField(default=dict)
    ignored_columns = models.JSONField(default=list)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started = models.DateTimeField()
    finished = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering = ["-id"]

    def __str__(self):
        return f"{self.file_name} into {self.survey_id}"


class CrossMatch(models.Model):
    """All pairs of objects of two surveys within a radius; the pairs are rows of the declared table `links`."""

    # The pair is unordered; a's slug comes before b's.
    survey_a = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="+")
    survey_b = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="+")
    radius_arcsec = models.FloatField()
    # The newest ingest when it was made.
    ingest_id = models.BigIntegerField()
    rows = models.BigIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        """Newest first."""

        ordering = ["-id"]

    def __str__(self):
        return f"{self.survey_a} × {self.survey_b} within {self.radius_arcsec:g} arcsec"
