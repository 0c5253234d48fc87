"""What is said of a release, gathered along its chain: catalog, scores, model version, sample, surveys, files."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from almagest.catalogs.funnel import edition_funnel
from almagest.catalogs.models import Edition
from almagest.registry.models import ModelVersion
from almagest.releases.content import (
    Creator,
    IngestFacts,
    ModelFacts,
    Previous,
    ReleaseFacts,
    SampleFacts,
    Step,
    SurveyFacts,
)
from almagest.releases.models import Release
from almagest.samples.models import Sample
from almagest.sky.models import Ingest, Survey


def release_facts(
    *,
    edition: Edition,
    number: int,
    created: datetime,
    creators: Sequence[Creator],
    previous: Release | None,
    filters: dict[str, str],
    **words,
) -> ReleaseFacts:
    """Everything about a release but its changes; `words` are `ReleaseFacts`' own: title, licence, doi, …"""
    version, scores = edition.version, edition.prediction_set
    # Files outlive a visibility: surveys that the model has learned from are named where its readers see them.
    learned = Survey.objects.visible_with(version).filter(slug__in=version.sample.definition["surveys"])
    rows = (
        Survey.objects.filter(slug__in=scores.surveys) | Survey.objects.filter(pk__in=learned.values("pk"))
    ).order_by("slug")
    return ReleaseFacts(
        slug=edition.catalog.slug,
        version=number,
        created=created,
        creators=tuple(creators),
        publisher=settings.PUBLISHER,
        url=release_url(edition.catalog.slug, number),
        keywords=("catalogs", version.method.plugin.title),
        selection=_selection(edition, filters),
        steps=_steps(edition),
        is_simulated=edition.is_simulated,
        catalog_revision=edition.revision,
        prediction_set=scores.pk,
        model=_model(version),
        sample=_sample(version.sample),
        surveys=tuple(_survey(row, scores.ingest_id) for row in rows),
        previous=previous and Previous(previous.number, previous.told.doi, release_url(edition.catalog.slug, previous.number)),
        **words,
    )  # fmt: skip


def release_url(slug: str, number: int) -> str:
    """The release's page for people elsewhere; empty where the site's address is not set."""
    return settings.SITE_URL and settings.SITE_URL + reverse("release", args=[slug, f"v{number}"])


def _selection(edition: Edition, filters: dict[str, str]) -> str:
    chosen = f"Candidates of {edition.version}, whose {edition.rank_by} is at least {edition.threshold:g}"
    words = ", ".join(f"{name} = {value}" for name, value in sorted(filters.items()))
    return f"{chosen}{f'; of these the rows with {words}' if words else ''}."


def _steps(edition: Edition) -> tuple[Step, ...]:
    return tuple(Step(step["name"], step["count"]) for step in edition_funnel(edition, ">="))


def _model(version: ModelVersion) -> ModelFacts:
    plugin = version.method.plugin
    paper = {
        f"paper_{name}": plugin.paper.get(name) or None for name in ("title", "authors", "year", "reference", "url")
    }
    return ModelFacts(
        plugin=plugin.name, method=version.method.name, number=version.number, plugin_version=version.plugin_version,
        code_version=version.code_version, weights_sha256=version.weights_sha256, seed=version.seed,
        parameters=version.parameters, **{name: value for name, value in paper.items() if value is not None},
    )  # fmt: skip


def _sample(sample: Sample) -> SampleFacts:
    counts: dict[str, int] = {}
    for classes in sample.counts.values():
        for name, split in classes.items():
            counts[name] = counts.get(name, 0) + sum(split.values())
    return SampleFacts(sample.name, sample.checksum, sample.rows, counts)


def _survey(survey: Survey, ingest_id: int) -> SurveyFacts:
    loaded = Ingest.objects.filter(survey=survey, finished__isnull=False, pk__lte=ingest_id).order_by("pk")
    return SurveyFacts(
        slug=survey.slug, name=survey.name, release=survey.release, citation=survey.citation, licence=survey.licence,
        url=survey.url, observed=survey.observed,
        ingests=tuple(IngestFacts(each.file_name, each.sha256, each.rows_read) for each in loaded),
    )  # fmt: skip
