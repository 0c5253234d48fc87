"""Plugins and methods as their declarations say, and the model versions trained from them."""

from django.conf import settings
from django.db import models

from almagest.accounts.models import Owned, OwnedQuerySet
from almagest.contract import Column, Table
from almagest.runs.models import Run, runs_naming
from almagest.samples.models import Sample


class Plugin(models.Model):
    """A published method; the worker side writes this row, the web reads it."""

    name = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    version = models.CharField(max_length=40)
    code_version = models.CharField(max_length=80)
    summary = models.TextField()
    paper = models.JSONField()
    readme = models.TextField()
    classes = models.JSONField()
    signal = models.CharField(max_length=40)
    label_inputs = models.JSONField()
    studies = models.JSONField(default=list)
    landmarks = models.JSONField(default=list)
    # What its candidates are tagged with at first.
    tags = models.JSONField(default=list)
    synced = models.DateTimeField(auto_now=True)

    class Meta:
        """By name."""

        ordering = ["name"]

    def __str__(self):
        return self.title


class Method(models.Model):
    """One trainable model of a plugin."""

    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="methods")
    name = models.SlugField(max_length=60)
    title = models.CharField(max_length=200)
    description = models.TextField()
    runtime = models.CharField(max_length=20)
    inputs = models.JSONField()
    cut_inputs = models.JSONField()
    outputs = models.JSONField()
    # The grid of wavelengths on which it takes spectra, as `SpectralGrid` has it; null: it takes none.
    spectra = models.JSONField(null=True)
    # Whether its models give the flux that they expect of a spectrum.
    reconstructs = models.BooleanField(default=False)
    # The output that says where a row lies in its latent space; empty: it has none.
    latents = models.CharField(max_length=60, blank=True, default="")
    cuts = models.JSONField()
    candidate_cuts = models.JSONField(default=list)
    # The declared columns of its catalogs, and where they come from; null: outputs and inputs.
    catalog = models.JSONField(null=True)
    catalog_names = models.JSONField(default=dict)
    parameters = models.JSONField()
    rank_by = models.CharField(max_length=60)
    # The version that catalogs of this method follow when they are rescored; none: each keeps its own.
    production = models.ForeignKey("ModelVersion", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        """A name is used once in a plugin."""

        ordering = ["plugin__name", "pk"]
        constraints = [models.UniqueConstraint(fields=["plugin", "name"], name="method_name")]

    def __str__(self):
        return f"{self.plugin.name}/{self.name}"

    @property
    def block_size(self) -> int:
        """Objects to be scored in one transaction; spectra are as large as thousands of numbers."""
        return settings.SPECTRA_BLOCK_SIZE if self.spectra else settings.BLOCK_SIZE

    @property
    def input_table(self) -> Table:
        """Columns that a survey must have."""
        return Table.from_json(self.inputs)

    @property
    def shown_columns(self) -> list[Column]:
        """What a person wants to see beside a prediction: inputs, what the cuts look at, what labels come from."""
        tables = (self.inputs, self.cut_inputs, self.plugin.label_inputs)
        columns = {c.name: c for table in tables for c in Table.from_json(table).columns if not c.shape}
        return list(columns.values())


class ComparisonQuerySet(OwnedQuerySet):
    """Comparisons, whose pages tell of their sample."""

    def visible_to(self, user) -> models.QuerySet:
        """Those that the user may see, and their sample too."""
        return super().visible_to(user).filter(sample__in=Sample.objects.visible_to(user))


class Comparison(Owned):
    """A study of a plugin, made on one sample: its model versions stand side by side in one table."""

    plugin = models.ForeignKey(Plugin, on_delete=models.PROTECT, related_name="comparisons")
    # The study as its plugin declared it then: name, title, description, contenders.
    study = models.JSONField()
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="comparisons")
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="comparison")
    created = models.DateTimeField(auto_now_add=True)

    objects = ComparisonQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering = ["-id"]

    def __str__(self):
        return f"{self.study['title']} on {self.sample.name}"

    def runs(self) -> models.QuerySet:
        """The one that makes it."""
        return Run.objects.filter(pk=self.run_id)


class ModelVersion(Owned):
    """A trained model: never changed, only followed by the next."""

    method = models.ForeignKey(Method, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField()
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="model_versions")
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="model_versions")
    comparison = models.ForeignKey(Comparison, null=True, on_delete=models.SET_NULL, related_name="versions")
    # Name of the contender in its comparison.
    contender = models.CharField(max_length=60, blank=True)
    # One of several variants of an ablation: never taken for its method's newest version.
    is_variant = models.BooleanField(default=False)
    # Columns of its predictions as they were declared when it was trained; a later plugin may declare others.
    outputs = models.JSONField(default=dict)
    plugin_version = models.CharField(max_length=40)
    code_version = models.CharField(max_length=80)
    parameters = models.JSONField()
    seed = models.IntegerField()
    # What its training took on the worker, without waiting and without the rest of its run.
    seconds = models.FloatField(null=True)
    metrics = models.JSONField()
    figures = models.JSONField()
    notes = models.JSONField(default=list)
    details = models.JSONField(default=dict)
    weights_sha256 = models.CharField(max_length=64)
    folder = models.CharField(max_length=200)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["method", "number"], name="model_version_number")]

    def __str__(self):
        return f"{self.method} v{self.number}"

    @property
    def is_production(self) -> bool:
        """Whether catalogs of its method follow it when they are rescored."""
        return self.method.production_id == self.pk

    def runs(self) -> models.QuerySet:
        """The one that trained it, unless that made a whole comparison, and those that used it."""
        own = None if self.comparison_id else self.run_id
        return runs_naming(version=str(self)) | Run.objects.filter(pk=own)

    @property
    def output_table(self) -> Table:
        """Columns of its predictions."""
        return Table.from_json(self.outputs)

    @property
    def latents(self) -> Column | None:
        """The column of its predictions that says where a row lies in its latent space; None where it has none."""
        name, table = self.method.latents, self.output_table
        return table[name] if name in table and table[name].shape else None
