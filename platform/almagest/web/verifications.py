"""Verifications as pages show them."""

from almagest.contract import Table
from almagest.contract.cuts import PREDICTED_CLASS
from almagest.predictions.models import PredictionSet, Verification
from almagest.predictions.verification.labels import can_label
from almagest.predictions.verification.measuring import PARTS, POOLED
from almagest.predictions.verification.selectors import verification_list
from almagest.predictions.verification.services import LARGEST_RADIUS_ARCSEC
from almagest.registry.models import ModelVersion
from almagest.sky.selectors import survey_list
from almagest.sky.surveys import SURVEYS
from almagest.web.charts.confusion import confusion_matrix
from almagest.web.scores import HEADLINE, METRICS, metric_rows

TITLES = {"not_trained_on": "Objects that the model has not learned from", "all": "All objects"}
# On the page of a model version.
NEWEST = 50
SHOWN = METRICS[:3]


def model_verifications(user, version: ModelVersion, scores: PredictionSet | None) -> dict:
    """What the page of a model version shows of its verifications, and what a new one can be made of."""
    found = verification_list(user=user, version=version).defer("figures")[:NEWEST]
    surveys = survey_list(user=user).filter(object_count__gt=0) if user.is_authenticated and scores else []
    inputs = Table.from_json(version.method.plugin.label_inputs)
    return {
        "headline_names": SHOWN,
        "verifications": [{"it": verification, "headline": headline(verification)} for verification in found],
        "can_be_verified": scores is not None and PREDICTED_CLASS in version.output_table,
        "catalogs_to_verify": [s for s in surveys if s.slug in SURVEYS and can_label(s.slug, inputs)],
        "largest_radius_arcsec": LARGEST_RADIUS_ARCSEC,
    }


def headline(verification: Verification) -> dict:
    """The first row of what the model has not learned from: precision, recall and prevalence in it."""
    row = metric_rows(verification.metrics[PARTS[0]])[0]
    return row | {"cells": row["cells"][: len(SHOWN)]}


def blocks(verification: Verification) -> list[dict]:
    """Scores and confusion matrices, first of what the model has not learned from, then of all."""
    return [
        {
            "title": TITLES[part],
            "metrics": metric_rows(verification.metrics[part]),
            "matrices": [confusion_matrix(f) for f in sorted(verification.figures[part], key=_place)],
        }
        for part in PARTS
    ]


def funnel(verification: Verification) -> list[dict]:
    """From the catalog's objects to those that are measured, with the numbers of each scored survey."""
    most = verification.counts[0]["count"] or 1
    slugs = scored_surveys(verification)
    return [
        step | {"share": step["count"] / most, "surveys": [step["surveys"].get(slug) for slug in slugs]}
        for step in verification.counts
    ]


def scored_surveys(verification: Verification) -> list[str]:
    """In the order of the tables."""
    return sorted(verification.surveys, key=lambda slug: (not slug.startswith(HEADLINE), slug))


def _place(figure: dict) -> tuple:
    """As the rows of the scores: the headline survey first, the pooled one last."""
    title = figure["title"]
    return title == POOLED, not title.startswith(HEADLINE), title
