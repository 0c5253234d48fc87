"""Which table holds a model version's scores. The scores themselves are in plain tables, one for each scoring."""

from django.db import models

from almagest.registry.models import ModelVersion
from almagest.runs.models import Run


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
    # The snapshot that was scored.
    ingest_id = models.BigIntegerField()
    surveys = models.JSONField()
    rows = models.BigIntegerField(null=True)
    # How many objects were read, and what each cut took away: [{"name": …, "count": …}] in the cuts' order.
    objects_read = models.BigIntegerField(null=True)
    left_out = models.JSONField(default=list)
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
