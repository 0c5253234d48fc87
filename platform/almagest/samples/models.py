"""Frozen samples: objects, labels and a split, cut from a named snapshot and kept as a folder."""

from django.db import models

from almagest.accounts.models import Owned, OwnedQuerySet
from almagest.runs.models import Run, runs_naming
from almagest.sky.models import Survey


class SampleQuerySet(OwnedQuerySet):
    """Samples, which say something of the surveys that they were cut from."""

    def visible_to(self, user) -> models.QuerySet:
        """Those that the user may see, and each of their surveys too."""
        return super().visible_to(user).exclude(definition__surveys__has_any_keys=Survey.objects.hidden_slugs(user))


class Sample(Owned):
    """A sample; empty until its run has frozen it, unchanging from then on."""

    name = models.SlugField(max_length=80, unique=True)
    plugin_name = models.CharField(max_length=60)
    method_name = models.CharField(max_length=60)
    # Which surveys, which seed, what share is held back; labels that people have given, where there are any.
    definition = models.JSONField()
    # The state of the sky it was cut from: measurements and cross-matches with larger numbers are not in it.
    ingest_id = models.BigIntegerField()
    cross_match_id = models.BigIntegerField()
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="samples")
    rows = models.IntegerField(null=True)
    # {survey: {class: {"train": n, "test": n}}}
    counts = models.JSONField(default=dict)
    # [{"name": why, "count": n}] for the objects that are in the surveys but not in the sample, cuts in their order first.
    left_out = models.JSONField(default=list)
    # What became of the labels that were given: see `given.with_given`.
    given_counts = models.JSONField(default=dict)
    checksum = models.CharField(max_length=64, blank=True)
    folder = models.CharField(max_length=200, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    objects = SampleQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering = ["-id"]

    def __str__(self):
        return self.name

    def runs(self) -> models.QuerySet:
        """The one that froze it, and those that learned from it."""
        return runs_naming(sample=self.name) | Run.objects.filter(pk=self.run_id)

    def sources(self) -> list[Owned]:
        """What something made of the sample shows: the sample itself and its surveys."""
        return [self, *Survey.objects.filter(slug__in=self.definition["surveys"])]
