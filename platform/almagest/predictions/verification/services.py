"""Verifying: a version's current scores against another catalog, as one run."""

from django.db import connection, transaction
from django.db.models.functions import Now

from almagest.accounts.sharing import narrowest
from almagest.contract import Method, Plugin, Report, Table
from almagest.contract.cuts import PREDICTED_CLASS
from almagest.core.copy import copy_in
from almagest.core.tables import quote, table_exists
from almagest.predictions.models import PredictionSet, Verification
from almagest.predictions.tables import VERIFICATION_PAIRS
from almagest.predictions.verification.errors import VerificationError
from almagest.predictions.verification.labels import can_label
from almagest.predictions.verification.measuring import measured
from almagest.predictions.verification.pairs import survey_pairs
from almagest.predictions.verification.relations import related
from almagest.registry.models import ModelVersion
from almagest.runs.leases import Claim, claim_complete
from almagest.runs.models import Run
from almagest.runs.services import ChunkSpec, run_start
from almagest.sky.models import Survey
from almagest.sky.selectors import snapshot, survey_get, survey_list
from almagest.sky.surveys import declaration_get

KIND = "verify"
# Farther than this the nearest object is hardly the same one.
LARGEST_RADIUS_ARCSEC = 60.0


@transaction.atomic
def verification_start(*, version: ModelVersion, survey: str, radius_arcsec: float, owner=None) -> Run:
    """Send a version's current scores to be compared with the labels of a survey's objects.

    Parameters
    ----------
    survey
        Slug of any survey that the user sees; it need not have what the model needs.
    radius_arcsec
        How far apart two objects may lie that are taken for one.

    Raises
    ------
    VerificationError
        When the version has no scores, or none of another survey than this, or names no classes, or the survey declares
        nothing that labels are made of, or the radius is not between 0 and `LARGEST_RADIUS_ARCSEC`.
    """
    catalog = survey_get(user=owner, slug=survey)
    declaration_get(catalog.slug)
    if not 0 < radius_arcsec <= LARGEST_RADIUS_ARCSEC:
        raise VerificationError(f"radius {radius_arcsec} arcsec is not between 0 and {LARGEST_RADIUS_ARCSEC:g}")
    _check_catalog(version, catalog)
    scores = _current_scores(version)
    scored = _scored_surveys(scores, catalog, owner)
    now = snapshot()
    seen_by = narrowest([version, catalog, *scored])
    verification = Verification.objects.create(
        version=version, prediction_set=scores, survey=catalog, surveys=[s.slug for s in scored],
        radius_arcsec=radius_arcsec, ingest_id=now.ingest_id, cross_match_id=now.cross_match_id, owner=owner, **seen_by,
    )  # fmt: skip
    verification.run = run_start(
        kind=KIND,
        title=f"Verify {version} against {catalog.slug}",
        chunks=[ChunkSpec("data", {"verification_id": verification.pk})],
        owner=owner,
        parameters={"version": str(version), "against": catalog.slug, "surveys": verification.surveys,
                    "radius_arcsec": radius_arcsec, "ingest_id": now.ingest_id},
        **seen_by,
    )  # fmt: skip
    verification.save(update_fields=["run"])
    return verification.run


def _check_catalog(version: ModelVersion, catalog: Survey) -> None:
    inputs = Table.from_json(version.method.plugin.label_inputs)
    if not can_label(catalog.slug, inputs):
        raise VerificationError(
            f"{catalog.slug} declares none of {', '.join(inputs.names)}: it cannot say what its objects are; choose a catalog "
            "that does"
        )


def _current_scores(version: ModelVersion) -> PredictionSet:
    if PREDICTED_CLASS not in version.output_table:
        raise VerificationError(
            f"{version} gives no {PREDICTED_CLASS}: there is nothing to compare with a catalog's labels"
        )
    scores = version.prediction_sets.filter(state=PredictionSet.State.CURRENT).first()
    if scores is None:
        raise VerificationError(f"{version} has no scores yet; run `manage.py score` first")
    return scores


def _scored_surveys(scores: PredictionSet, catalog: Survey, owner) -> list[Survey]:
    """Those in which the catalog's objects can have counterparts: real ones of real ones, simulated of simulated."""
    others = survey_list(user=owner).filter(slug__in=scores.surveys, observed=catalog.observed).exclude(pk=catalog.pk)
    if not others:
        kind = "observed" if catalog.observed else "simulated"
        raise VerificationError(
            f"{scores.version} has scored {', '.join(scores.surveys) or 'nothing'}: no other {kind} survey than "
            f"{catalog.slug} itself, whose objects could be compared with it; score another survey, or choose another catalog"
        )
    return list(others)


def verification_run(
    *, claim: Claim, verification: Verification, method: Method, plugin: Plugin, report: Report
) -> None:
    """Match, label, measure, relate, and write all of it at once: safe to run any number of times."""
    scores = verification.prediction_set
    if scores is None or not table_exists(scores.table_name):
        raise VerificationError(f"the scores of {verification.version} were replaced before this began; start it again")
    found = []
    for number, survey in enumerate(Survey.objects.filter(slug__in=verification.surveys).order_by("slug")):
        report(number / len(verification.surveys), f"{verification.survey.slug} × {survey.slug}")
        found.append(survey_pairs(verification, survey, method, plugin.labelling))
    values = measured(
        found,
        plugin.labelling,
        catalog_objects=_object_count(verification.survey, verification.ingest_id),
        radius_arcsec=verification.radius_arcsec,
    )
    values["figures"]["relations"] = related(plugin, found)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {quote(VERIFICATION_PAIRS.name)} WHERE verification_id = %s", [verification.pk]
            )
        rows = sum(copy_in(VERIFICATION_PAIRS.table, pairs.rows) for pairs in found)
        Verification.objects.filter(pk=verification.pk).update(published=Now(), **values)
        claim_complete(claim, outcome={"verification": verification.pk, "pairs": rows})


def _object_count(survey: Survey, ingest_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM objects WHERE survey_id = %s AND ingest_id <= %s", [survey.pk, ingest_id])
        return cursor.fetchone()[0]
