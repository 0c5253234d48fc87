"""Verdicts of people on a catalog's candidates: they belong to the catalog and the object, never to one edition's row."""

from django.conf import settings
from django.db import models

from almagest.accounts.models import Owned, OwnedQuerySet
from almagest.catalogs.models import Catalog
from almagest.sky.models import Survey


class Confidence(models.IntegerChoices):
    """How sure a person is of a verdict."""

    GUESS = 1, "guess"
    LIKELY = 2, "likely"
    SURE = 3, "sure"


class Choice(models.Model):
    """What a candidate of a catalog may be found to be. Retired when it is not offered any more, never deleted."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="choices")
    name = models.SlugField(max_length=40)
    title = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    # Class of the catalog's plugin that a candidate with this verdict has, where it has one.
    sample_class = models.CharField(max_length=200, blank=True)
    order = models.IntegerField()
    retired = models.BooleanField(default=False)

    class Meta:
        """As its catalog orders them."""

        ordering = ["order", "id"]
        constraints = [models.UniqueConstraint(fields=["catalog", "name"], name="choice_name")]

    def __str__(self):
        return self.title


class OfferedTags(models.Model):
    """Tags that a catalog offers since somebody has changed them; before, it offers those of its plugin."""

    catalog = models.OneToOneField(Catalog, on_delete=models.CASCADE, related_name="offered_tags")
    names = models.JSONField()

    class Meta:
        """By catalog."""

        ordering = ["catalog_id"]
        verbose_name_plural = "offered tags"

    def __str__(self):
        return " ".join(self.names)


class OfObject(models.Model):
    """Something said of an object in a catalog. The object's survey and name stand here too, to be listed and hidden by."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="+")
    object_id = models.BigIntegerField()
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="+")
    source_id = models.TextField()

    class Meta:
        """No table of its own."""

        abstract = True


class Verdict(OfObject):
    """What one person has said once. Rows are added and never changed, but for `is_current`; a newer one follows on it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    # Null: the person has withdrawn what they had said.
    choice = models.ForeignKey(Choice, null=True, on_delete=models.PROTECT, related_name="verdicts")
    confidence = models.SmallIntegerField(choices=Confidence, null=True)
    tags = models.JSONField(default=list)
    comment = models.TextField(blank=True)
    # What the person saw: the catalog's revision, and what the object was ranked by; null when it had left the catalog.
    revision = models.IntegerField()
    score = models.FloatField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    is_current = models.BooleanField()

    class Meta:
        """Newest first; a person has one current verdict on an object."""

        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["catalog", "object_id", "user"], condition=models.Q(is_current=True), name="one_current_verdict"
            ),
            models.CheckConstraint(
                condition=models.Q(is_current=False) | models.Q(choice__isnull=False), name="current_verdict_says"
            ),
        ]
        indexes = [
            models.Index(fields=["catalog", "object_id"], name="verdict_object"),
            models.Index(fields=["catalog", "-id"], name="verdict_newest"),
            models.Index(
                fields=["catalog", "user"],
                include=["object_id", "survey"],
                condition=models.Q(is_current=True),
                name="verdict_person",
            ),
            models.Index(
                fields=["catalog", "object_id", "choice"],
                include=["survey"],
                condition=models.Q(is_current=True),
                name="verdict_choice",
            ),
        ]

    def __str__(self):
        return f"{self.choice or 'withdrawn'} on {self.object_id} in {self.catalog_id}"


class Consensus(OfObject):
    """What the current verdicts on an object come to; rewritten with each, so that pages and filters need not count."""

    # 0 where all were withdrawn.
    verdicts = models.IntegerField(default=0)
    # What most say; null where as many say something else.
    choice = models.ForeignKey(Choice, null=True, on_delete=models.PROTECT, related_name="+")
    # Share of the verdicts that say what most say, from 0 to 1; null without any.
    agreement = models.FloatField(null=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        """One row for an object of a catalog."""

        ordering = ["-updated", "-id"]
        # Both hold what filters and counts look at, so that these never visit the rows.
        constraints = [
            models.UniqueConstraint(
                fields=["catalog", "object_id"], include=["verdicts", "choice"], name="one_consensus"
            )
        ]
        indexes = [
            models.Index(
                fields=["catalog", "choice"],
                include=["object_id", "verdicts", "survey", "agreement"],
                name="consensus_choice",
            )
        ]


class LabelSetQuerySet(OwnedQuerySet):
    """Sets of labels, which tell of a catalog and of objects of surveys."""

    def visible_to(self, user) -> models.QuerySet:
        """Those that the user may see, with their catalog and every survey in them."""
        found = super().visible_to(user).filter(catalog__in=Catalog.objects.visible_to(user))
        return found.exclude(surveys__has_any_keys=Survey.objects.hidden_slugs(user))


class LabelSet(Owned):
    """Verdicts frozen as labels, for samples to be made with: a folder that never changes."""

    name = models.SlugField(max_length=80, unique=True)
    catalog = models.ForeignKey(Catalog, on_delete=models.PROTECT, related_name="label_sets")
    revision = models.IntegerField()
    # Which verdicts were taken: {"minimum_verdicts": n, "minimum_agreement": share}.
    criteria = models.JSONField()
    surveys = models.JSONField()
    people = models.IntegerField()
    rows = models.IntegerField()
    # {class: number of objects}
    counts = models.JSONField()
    folder = models.CharField(max_length=200)
    checksum = models.CharField(max_length=64)
    created = models.DateTimeField(auto_now_add=True)

    objects = LabelSetQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering = ["-id"]

    def __str__(self):
        return self.name

    @property
    def for_sample(self) -> dict:
        """What `sample_start` is given: the sample keeps no word of the catalog, for not all who see the one see the other."""
        said = f"label set {self.name}, verdicts of {self.people} {'person' if self.people == 1 else 'people'}"
        given = {"name": self.name, "folder": self.folder, "checksum": self.checksum, "from": said}
        return {"given_labels": given, "made_of": [self, self.catalog]}
