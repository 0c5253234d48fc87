"""Reading scores."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from almagest.contract import Column
from almagest.core.tables import quote
from almagest.predictions.models import PredictionSet
from almagest.registry.models import ModelVersion
from almagest.registry.selectors import version_list
from almagest.sky.models import Survey
from almagest.sky.selectors import object_survey


@dataclass(frozen=True)
class Prediction:
    """What one model version says of one object."""

    version: ModelVersion
    values: list[tuple[Column, Any]]
    score: float | None
    revision: int
    is_stale: bool


def current_sets(*, user) -> QuerySet[PredictionSet]:
    """Prediction sets that readers may see, one for each version at most; figures are read when they are asked for.

    They may hold scores of surveys that the user does not see: numbers about a set as a whole are those of `whole_sets`.
    """
    sets = PredictionSet.objects.filter(state=PredictionSet.State.CURRENT, version__in=version_list(user=user))
    return sets.select_related("version__method__plugin", "run").defer("figures", "version__figures")


def whole_sets(*, user) -> QuerySet[PredictionSet]:
    """Prediction sets, also earlier ones, of which the user may see the version and every scored survey."""
    sets = PredictionSet.objects.filter(version__in=version_list(user=user))
    sets = sets.exclude(surveys__has_any_keys=Survey.objects.hidden_slugs(user))
    return sets.select_related("version__method__plugin", "run").defer("figures", "version__figures")


def figure_list(*, user, scores: PredictionSet) -> list[dict]:
    """A scoring's figures; none where they count a survey that the user does not see (any more)."""
    counted = {slug for figure in scores.figures for slug in figure.get("surveys", ())}
    seen = Survey.objects.visible_to(user).filter(slug__in=counted)
    return scores.figures if seen.count() == len(counted) else []


def object_predictions(*, user, object_id: int, revision: int) -> list[Prediction]:
    """Every visible model's scores of one object; stale where the model saw an older revision than `revision`.

    Raises
    ------
    SurveyError
        When there is no such object that the user may see.
    """
    object_survey(user=user, object_id=object_id)
    sets = list(current_sets(user=user))
    found = []
    with connection.cursor() as cursor:
        for scores in sets:
            columns = scores.version.output_table.columns
            names = ", ".join(quote(name) for name in ("revision", *(c.name for c in columns)))
            cursor.execute(f"SELECT {names} FROM {quote(scores.table_name)} WHERE object_id = %s", [object_id])
            if row := cursor.fetchone():
                values = list(zip(columns, row[1:], strict=True))
                score = next(value for column, value in values if column.name == scores.version.method.rank_by)
                found.append(Prediction(scores.version, values, score, row[0], row[0] != revision))
    return found
