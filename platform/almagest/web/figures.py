"""Which figures a page has: their captions and tables stand in it, their numbers come by addresses of their own."""

from almagest.catalogs.models import Edition
from almagest.predictions.models import PredictionSet, Verification
from almagest.predictions.selectors import figure_list
from almagest.registry.models import ModelVersion
from almagest.sky.models import Survey
from almagest.web.charts.figures import model_figures, plots


def catalog_plots(edition: Edition) -> list[dict]:
    """Those of a catalog's candidates."""
    return plots(edition.figures, ("sky",), edition.version.method.plugin.classes, catalog_state(edition))


def model_plots(user, version: ModelVersion, scores: PredictionSet | None) -> dict:
    """Those of a training and of its scores, as far as the user may see the surveys that are in them."""
    scoring = figure_list(user=user, scores=scores) if scores else []
    seen = Survey.objects.visible_to(user).filter(slug__in=version.sample.definition["surveys"])
    surveys, classes = set(seen.values_list("slug", flat=True)), version.method.plugin.classes
    return model_figures(version.figures, scoring, classes, model_state(version, scores), surveys)


def verification_plots(verification: Verification) -> list[dict]:
    """Those of what a verification has confirmed."""
    relations, classes = verification.figures.get("relations", []), verification.version.method.plugin.classes
    return plots(relations, ("scatter",), classes, verification_state(verification))


# What a page was made of: figures that are asked for later are drawn only where it is still the same.
def catalog_state(edition: Edition) -> str:
    """Another with each publishing."""
    return f"edition-{edition.pk}"


def model_state(version: ModelVersion, scores: PredictionSet | None) -> str:
    """Another with each scoring, and with each merge of what was scored anew."""
    return f"version-{version.pk}-scores-{f'{scores.pk}.{scores.revision}' if scores else 0}"


def verification_state(verification: Verification) -> str:
    """Always the same: what is measured stays."""
    return f"verification-{verification.pk}"
