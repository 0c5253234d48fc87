"""Candidate catalogs: materialised selections of a model version's scores, for people to browse."""

from django.db import models

from almagest.accounts.models import Owned
from almagest.contract import Table
from almagest.predictions.models import PredictionSet
from almagest.registry.models import ModelVersion
from almagest.runs.models import Run, runs_naming


class Catalog(Owned):
    """A catalog under a stable name; each publishing raises its revision and puts another table behind it."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        """By title."""

        ordering = ["title"]

    def __str__(self):
        return self.title

    def runs(self) -> models.QuerySet:
        """Those that published it."""
        return runs_naming(catalog=self.slug)


class Edition(models.Model):
    """What one publishing of a catalog holds; the newest that is published is what people see."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="editions")
    revision = models.IntegerField()
    # The revision that made the table: later ones that came of a few rows alone have changed it in place.
    base = models.IntegerField()
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="editions")
    prediction_set = models.ForeignKey(PredictionSet, on_delete=models.PROTECT, related_name="editions")
    # The revision of those scores that the candidates are of.
    set_revision = models.IntegerField(default=1)
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="edition")
    # Candidates are the objects whose `rank_by` is at least this, and where the method has candidate cuts, which pass.
    threshold = models.FloatField()
    # Column of the catalog's table that holds what its method ranks by.
    rank_by = models.CharField(max_length=60)
    # The declared table, as JSON: the page's columns, units and filters.
    columns = models.JSONField()
    rows = models.IntegerField(null=True)
    # Over all scored objects, or where the method has candidate cuts over those that pass: {"edges": […], "counts": […]},
    # and [{"threshold": t, "count": n}].
    histogram = models.JSONField(default=dict)
    thresholds = models.JSONField(default=list)
    survey_counts = models.JSONField(default=dict)
    # {column: [smallest, largest]} of the candidates.
    ranges = models.JSONField(default=dict)
    # {column: [the words in it]} where they are few.
    words = models.JSONField(default=dict)
    # Drawn of the candidates alone; empty in editions from before there were any.
    figures = models.JSONField(default=list)
    is_simulated = models.BooleanField(default=False)
    published = models.DateTimeField(null=True)
    is_current = models.BooleanField(default=False)
    retired = models.DateTimeField(null=True)

    class Meta:
        """At most one edition is current."""

        ordering = ["-revision"]
        constraints = [
            models.UniqueConstraint(fields=["catalog", "revision"], name="edition_revision"),
            models.UniqueConstraint(
                fields=["catalog"], condition=models.Q(is_current=True), name="one_current_edition"
            ),
        ]

    def __str__(self):
        return f"{self.catalog.slug} revision {self.revision}"

    @property
    def table_name(self) -> str:
        """Name of the table with the candidates of the newest revision that shares it."""
        return f"catalog_{self.catalog_id}_r{self.base}"

    @property
    def history_name(self) -> str:
        """Name of the table with the rows that later revisions have replaced in it."""
        return f"{self.table_name}_history"

    @property
    def table(self) -> Table:
        """Declaration of that table."""
        return Table.from_json(self.columns)
