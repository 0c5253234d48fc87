"""Which table holds a model version's scores, and how they stood against other catalogs.

The scores themselves are in plain tables, one for each scoring; the pairs of all verifications are in one.
"""

from django.db import models

from almagest.accounts.models import Owned, OwnedQuerySet
from almagest.registry.models import ModelVersion
from almagest.runs.models import Run
from almagest.sky.models import Survey


class PredictionSet(models.Model):
    """One scoring of the sky by one model version; readers see the one that is current, whole, or none."""

    class State(models.TextChoices):
        """Where a set stands."""

        BUILDING = "building"
        CURRENT = "current"
        RETIRED = "retired"

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="prediction_sets")
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="prediction_set")
    state = models.CharField(max_length=10, choices=State, default=State.BUILDING)
    # Raised whenever scores of what was measured anew are merged into the table.
    revision = models.IntegerField(default=1)
    # The snapshot that was scored, or up to which it was brought since.
    ingest_id = models.BigIntegerField()
    surveys = models.JSONField()
    rows = models.BigIntegerField(null=True)
    # How many objects were read, and what each cut took away: [{"name": …, "count": …}] in the cuts' order.
    objects_read = models.BigIntegerField(null=True)
    left_out = models.JSONField(default=list)
    # What came after the model, in order: who was not called the signal, and what each candidate cut took away. Named
    # when the scoring starts, counted when it is published; empty where the method then had no candidate cuts.
    candidates_left_out = models.JSONField(default=list)
    # Drawn when the scores are whole: probabilities, classes, where on the sky.
    figures = models.JSONField(default=list)
    created = models.DateTimeField(auto_now_add=True)
    published = models.DateTimeField(null=True)
    retired = models.DateTimeField(null=True)

    class Meta:
        """At most one set of a version is current: the pointer that publishing moves."""

        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["version"], condition=models.Q(state="current"), name="one_current_set")
        ]

    def __str__(self):
        return f"scores of {self.version}"

    @property
    def table_name(self) -> str:
        """Name of the table with the scores."""
        return f"predictions_v{self.version_id}_s{self.pk}"

    @property
    def history_name(self) -> str:
        """Name of the table with the scores that were replaced."""
        return f"{self.table_name}_history"

    @property
    def has_candidates(self) -> bool:
        """Whether the table says of each object if it is a candidate."""
        return bool(self.candidates_left_out)


class VerificationQuerySet(OwnedQuerySet):
    """Verifications, whose pairs are objects of several surveys."""

    def visible_to(self, user) -> models.QuerySet:
        """Those that the user may see, and their version, catalog and every scored survey too."""
        found = super().visible_to(user).exclude(surveys__has_any_keys=Survey.objects.hidden_slugs(user))
        versions, catalogs = ModelVersion.objects.visible_to(user), Survey.objects.visible_to(user)
        return found.filter(version__in=versions, survey__in=catalogs)


class Verification(Owned):
    """A version's scores beside the labels of another catalog, object by object; empty until its run has measured it."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="verifications")
    prediction_set = models.ForeignKey(
        PredictionSet, null=True, on_delete=models.SET_NULL, related_name="verifications"
    )
    # The catalog that gives the labels, and the slugs of the scored surveys in which its objects were looked for.
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="+")
    surveys = models.JSONField()
    radius_arcsec = models.FloatField()
    # The state of the sky: measurements and cross-matches with larger numbers are not in it.
    ingest_id = models.BigIntegerField()
    cross_match_id = models.BigIntegerField()
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="verification")
    # Both {"not_trained_on": […], "all": […]}: of the pairs that the model has not learned from, and of all of them;
    # the figures also "relations": those that the plugin draws of all labelled pairs.
    metrics = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    # [{"name": step, "count": n, "surveys": {slug: n}}], from the catalog's objects to the pairs that are measured.
    counts = models.JSONField(default=list)
    # [{"name": why, "count": n, "called_signal": n}] for the scored objects that the labelling puts into no class.
    reasons = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    created = models.DateTimeField(auto_now_add=True)
    published = models.DateTimeField(null=True)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering = ["-id"]

    def __str__(self):
        return f"{self.version} against {self.survey.slug} within {self.radius_arcsec:g} arcsec"

    def runs(self) -> models.QuerySet:
        """The one that measured it."""
        return Run.objects.filter(pk=self.run_id)
