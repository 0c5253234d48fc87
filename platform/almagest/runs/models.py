"""The work ledger. A run is what a person asked for; its chunks are what workers claim, one at a time, with a lease."""

from django.db import models

from almagest.accounts.models import Owned


class Run(Owned):
    """One piece of work: a sample to freeze, a model to train, a sky to score, a catalog to publish."""

    class State(models.TextChoices):
        """Where a run stands."""

        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    parameters = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    progress = models.FloatField(default=0.0)
    message = models.CharField(max_length=300, blank=True)
    error = models.TextField(blank=True)
    outcome = models.JSONField(default=dict)
    cancel_asked = models.BooleanField(default=False)
    peak_memory_mb = models.FloatField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    # When workers were last woken for it: the reaper wakes them again if nothing has happened since.
    woken = models.DateTimeField(null=True)

    class Meta:
        """Newest first; open runs are looked for every few seconds."""

        ordering = ["-id"]
        indexes = [
            models.Index(fields=["woken"], name="run_open", condition=models.Q(state__in=["queued", "running"])),
        ]

    def __str__(self):
        return f"run {self.pk}: {self.title}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (self.State.DONE, self.State.FAILED, self.State.CANCELLED)

    @property
    def seconds(self) -> float | None:
        """How long it has run, once it has ended."""
        return (self.finished - self.started).total_seconds() if self.finished and self.started else None


def runs_naming(**parameters) -> models.QuerySet:
    """Runs whose parameters hold these; of a list, some of its entries."""
    return Run.objects.filter(parameters__contains=parameters)


class Chunk(models.Model):
    """A part of a run that one worker does in one go; its writes and its `done` are one transaction."""

    class State(models.TextChoices):
        """Where a chunk stands."""

        WAITING = "waiting"
        HELD = "held"
        DONE = "done"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunks")
    # Chunks of a phase start when all of the phases before it are done.
    phase = models.SmallIntegerField(default=0)
    number = models.IntegerField()
    queue = models.CharField(max_length=20)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    # Fencing token: raised by each claim; a worker whose token is old has lost its lease and can write nothing.
    token = models.IntegerField(default=0)
    progress = models.FloatField(default=0.0)
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=200, blank=True)
    result = models.JSONField(default=dict)
    done_at = models.DateTimeField(null=True)

    class Meta:
        """A run's chunks are claimed in order."""

        ordering = ["run_id", "phase", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "phase", "number"], name="chunk_number")]
        indexes = [
            models.Index(fields=["run", "phase", "number"], name="chunk_open", condition=~models.Q(state="done"))
        ]


class LogLine(models.Model):
    """A line that a worker wrote about a run."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField()

    class Meta:
        """In the order written."""

        ordering = ["id"]
