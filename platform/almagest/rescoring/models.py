"""Passes: each time a catalog was brought up to date, with what that changed."""

from django.db import models

from almagest.catalogs.models import Catalog, Edition
from almagest.predictions.models import PredictionSet
from almagest.runs.models import Run


class Pass(models.Model):
    """A catalog's way from one revision to the next: stale objects scored anew and merged, or an earlier revision restored."""

    class Kind(models.TextChoices):
        """What it does."""

        RESCORE = "rescore"
        RESTORE = "restore"

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="passes")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.RESCORE)
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="rescoring")
    before = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="passes_from")
    after = models.ForeignKey(Edition, null=True, on_delete=models.CASCADE, related_name="passes_to")
    # The edition whose rows are restored.
    wanted = models.ForeignKey(Edition, null=True, on_delete=models.CASCADE, related_name="restorations")
    # The scores that are brought up to date, as they were at the start, and the snapshot that they are brought to.
    prediction_set = models.ForeignKey(PredictionSet, on_delete=models.CASCADE, related_name="passes")
    set_revision = models.IntegerField()
    ingest_id = models.BigIntegerField()
    # [{"survey", "new", "changed", "unscored"}]: objects that the scores did not know, those whose measurements were others,
    # and all of them where the version had no scores yet.
    stale = models.JSONField(default=list)
    # Candidates added, removed, changed, and why; how features and scores compare with the model's sample.
    report = models.JSONField(default=dict)
    # At most one is under way for a catalog.
    is_open = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first; one open pass for a catalog."""

        ordering = ["-id"]
        verbose_name_plural = "passes"
        constraints = [
            models.UniqueConstraint(fields=["catalog"], condition=models.Q(is_open=True), name="one_open_pass")
        ]

    def __str__(self):
        return f"pass {self.pk} of {self.catalog.slug}"

    @property
    def stale_count(self) -> int:
        """Objects that are scored."""
        return sum(each["new"] + each["changed"] + each["unscored"] for each in self.stale)
