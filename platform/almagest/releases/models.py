"""Data releases: a catalog's rows in files that never change, and how often people fetched them."""

from django.db import models

from almagest.accounts.models import Owned, OwnedQuerySet
from almagest.catalogs.models import Catalog, Edition
from almagest.catalogs.selectors import edition_list
from almagest.contract import Table
from almagest.releases.content import FileEntry, ReleaseFacts
from almagest.runs.models import Run


class ReleaseQuerySet(OwnedQuerySet):
    """Releases, whose files hold what their catalogs show."""

    def visible_to(self, user) -> models.QuerySet:
        """Those that the user may see, with the catalog, its model version and every survey; unpublished ones are the owner's."""
        found = super().visible_to(user).exclude(state=Release.State.DISCARDED)
        found = found.filter(edition__in=edition_list(user=user).order_by().values("pk"))
        if user is not None and user.is_staff:
            return found
        mine = models.Q(owner=user) if user is not None and user.is_authenticated else models.Q(pk=None)
        return found.filter(models.Q(state__in=Release.OUT) | mine)


class Release(Owned):
    """A frozen catalog: made by a run as a draft, checked by the same run, published and perhaps retracted by a person."""

    class State(models.TextChoices):
        """Where a release stands."""

        DRAFT = "draft"
        CHECKED = "checked"
        PUBLISHED = "published"
        RETRACTED = "retracted"
        # Nobody sees it any more; the sweep deletes its files, and then the row.
        DISCARDED = "discarded"

    # What has been published stays in the world, whatever becomes of it.
    OUT = (State.PUBLISHED, State.RETRACTED)

    catalog = models.ForeignKey(Catalog, on_delete=models.PROTECT, related_name="releases")
    number = models.IntegerField()
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="releases")
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="followers")
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="release")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    # What all its words are made from, and the declared table of its rows; the numbers of changes come with the files.
    facts = models.JSONField()
    columns = models.JSONField()
    # Parameters that chose the rows, as the catalog's page has them in its address.
    filters = models.JSONField(default=dict)
    formats = models.JSONField()
    with_weights = models.BooleanField(default=False)
    # Where the files are in the store, and what they are; empty before they are built and after a build that failed.
    folder = models.CharField(max_length=200, blank=True)
    files = models.JSONField(default=list)
    rows = models.BigIntegerField(null=True)
    created = models.DateTimeField()
    checked = models.DateTimeField(null=True)
    published = models.DateTimeField(null=True)
    retracted = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        """Newest first; a number is used once in a catalog."""

        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["catalog", "number"], name="release_number")]

    def __str__(self):
        return f"{self.catalog.slug} {self.label}"

    @property
    def label(self) -> str:
        """The version as addresses have it: ``v1``."""
        return f"v{self.number}"

    @property
    def told(self) -> ReleaseFacts:
        """All that is said of it."""
        return ReleaseFacts.from_json(self.facts)

    @property
    def table(self) -> Table:
        """Declaration of its rows."""
        return Table.from_json(self.columns)

    @property
    def entries(self) -> list[FileEntry]:
        """Its files."""
        return [FileEntry(**each) for each in self.files]

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(each["bytes"] for each in self.files)

    @property
    def is_out(self) -> bool:
        """Whether it was published, also where it was retracted since."""
        return self.state in self.OUT

    def runs(self) -> models.QuerySet:
        """The one that made it."""
        return Run.objects.filter(pk=self.run_id)


class DownloadCount(models.Model):
    """How often a file of a release was fetched on a day; a download that is resumed counts once."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="download_counts")
    # Of a HATS catalog, whose parts are many, the name of its folder.
    path = models.CharField(max_length=300)
    day = models.DateField()
    count = models.BigIntegerField(default=0)

    class Meta:
        """One row for each file and day."""

        constraints = [models.UniqueConstraint(fields=["release", "path", "day"], name="download_day")]
