"""Passes: each time a catalog was brought up to date, with what that changed."""

from django.conf import settings
from django.db import models
from django_celery_beat.models import PeriodicTask

from almagest.catalogs.models import Catalog, Edition
from almagest.predictions.models import PredictionSet
from almagest.rescoring.drift import THRESHOLD
from almagest.runs.models import Run


class Policy(models.Model):
    """When a catalog is rescored: at its times, where one of its reasons holds; without reasons, whenever anything is stale."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="policies")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    on_new = models.BooleanField(default=False)
    on_changed = models.BooleanField(default=False)
    on_version = models.BooleanField(default=False)
    # A few stale objects wait for more.
    at_least = models.IntegerField(default=1)
    drift_threshold = models.FloatField(default=THRESHOLD)
    # Addresses that get a letter when a pass has ended, failed, or found a drift.
    notify = models.JSONField(default=list)
    # Beat's own row: an interval, or a crontab with its time zone.
    schedule = models.OneToOneField(PeriodicTask, null=True, on_delete=models.SET_NULL, related_name="policy")
    is_paused = models.BooleanField(default=False)
    # When a person last set it: passes that failed before are forgotten.
    changed = models.DateTimeField(auto_now_add=True)
    checked = models.DateTimeField(null=True)
    # What came of the last time it was looked at, for people.
    note = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        """In the order made."""

        ordering = ["id"]
        verbose_name_plural = "policies"

    def __str__(self):
        return f"policy {self.pk} of {self.catalog.slug}"


class Pass(models.Model):
    """A catalog's way from one revision to the next: stale objects scored anew and merged, or an earlier revision restored."""

    class Kind(models.TextChoices):
        """What it does."""

        RESCORE = "rescore"
        RESTORE = "restore"

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="passes")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.RESCORE)
    # Who started it: a policy, for these reasons; without one, a person.
    policy = models.ForeignKey(Policy, null=True, on_delete=models.SET_NULL, related_name="passes")
    reasons = models.JSONField(default=list)
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
    # When the letters about it were sent.
    notified = models.DateTimeField(null=True)
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
