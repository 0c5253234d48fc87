"""Figures of a catalog: its candidates alone, counted in its table."""

from dataclasses import asdict

from almagest.catalogs.models import Edition
from almagest.predictions.sky_maps import THRESHOLDS, ScoredRows, sky_map


def catalog_figures(edition: Edition) -> list[dict]:
    """All candidates on the sky; who sees the catalog sees every survey in it."""
    surveys = {slug: slug for slug in sorted(edition.prediction_set.surveys)}
    rows = ScoredRows(edition.table_name, edition.rank_by, "survey", surveys, has_positions=True)
    # The catalog's own threshold comes first: no candidate is missing.
    thresholds = (edition.threshold, *(t for t in THRESHOLDS if t > edition.threshold))
    landmarks = edition.version.method.plugin.landmarks
    figure = sky_map(
        rows, title="Candidates on the sky", rank_by=edition.rank_by, thresholds=thresholds, landmarks=landmarks
    )
    return [asdict(figure)]
