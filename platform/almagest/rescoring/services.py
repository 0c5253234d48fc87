"""Starting and finishing passes over catalogs."""

from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction
from django.db.models import Q

from almagest.accounts.selectors import owner_check
from almagest.accounts.sharing import narrowest
from almagest.catalogs.differences import difference_counts
from almagest.catalogs.history import is_kept
from almagest.catalogs.merging import edition_follow, edition_restore
from almagest.catalogs.models import Catalog, Edition
from almagest.catalogs.services import edition_begin, edition_publish
from almagest.contract import Report
from almagest.core.tables import drop_table
from almagest.predictions.deltas import delta_create, delta_merge
from almagest.predictions.models import PredictionSet
from almagest.predictions.services import scores_begin, scores_publish
from almagest.predictions.staleness import stale_blocks
from almagest.predictions.tables import delta_table
from almagest.rescoring.errors import RescoringError
from almagest.rescoring.models import Pass, Policy
from almagest.rescoring.plans import followed_surveys, pass_plan
from almagest.rescoring.reporting import pass_report
from almagest.runs.leases import Claim, claim_complete
from almagest.runs.models import Run
from almagest.runs.services import ChunkSpec, run_start
from almagest.sky.models import Survey

KIND = "rescore"
OVER = (Run.State.DONE, Run.State.FAILED, Run.State.CANCELLED)


@transaction.atomic
def pass_start(*, edition: Edition, owner=None, policy: Policy | None = None, reasons: Sequence[str] = ()) -> Pass:
    """Send what is stale in a catalog to be scored, and then to be merged into it.

    Parameters
    ----------
    policy, reasons
        What asks for it, where no person does.

    Raises
    ------
    NotAllowed
        When the catalog is somebody else's, and `owner` is not of the staff.
    RescoringError
        When nothing is stale, or a pass over the catalog is under way.
    """
    edition = _ready(edition, owner, "rescore it")
    plan = pass_plan(edition=edition)
    if not plan.is_needed:
        raise RescoringError(f"nothing is stale in {edition}: its scores know every measurement up to now")
    if plan.scores:
        scores, runtime = plan.scores, plan.version.method.runtime
        blocks = [ChunkSpec(runtime, block) for block in stale_blocks(scores, ingest_id=plan.ingest_id)]
    else:
        scores, blocks = scores_begin(version=plan.version, surveys=followed_surveys(edition, plan.version))
    stale = [asdict(each) for each in plan.stale]
    values = {"ingest_id": plan.ingest_id, "stale": stale, "policy": policy, "reasons": list(reasons)}
    found = _begin(edition, scores, owner, Pass.Kind.RESCORE, blocks, **values)
    if plan.scores and blocks:
        delta_create(scores, found.run_id)
    if not plan.scores:
        PredictionSet.objects.filter(pk=scores.pk).update(run=found.run)
    return found


@transaction.atomic
def restore_start(*, edition: Edition, revision: int, owner=None) -> Pass:
    """Send a catalog to be given the rows of an earlier revision again, as its next.

    Raises
    ------
    NotAllowed
        When the catalog is somebody else's, and `owner` is not of the staff.
    RescoringError
        When there is no such revision to go back to, or a pass over the catalog is under way.
    """
    edition = _ready(edition, owner, "roll it back")
    wanted = edition.catalog.editions.filter(revision=revision, published__isnull=False).exclude(pk=edition.pk).first()
    if wanted is None:
        raise RescoringError(f"{edition.catalog.slug} has no earlier revision {revision}; it is at {edition.revision}")
    if wanted.base != edition.base or not is_kept(wanted):
        raise RescoringError(
            f"{wanted} is of another table than {edition}, made by another publishing; publish the catalog anew from "
            f"{wanted.version} instead"
        )
    scores = edition.prediction_set
    return _begin(edition, scores, owner, Pass.Kind.RESTORE, [], ingest_id=scores.ingest_id, wanted=wanted)


def pass_merge(*, claim: Claim, found: Pass, report: Report) -> None:
    """Merge a pass's scores, and let the catalog follow them, in one transaction: readers see all of it or none."""
    report(0.5, "Merging")
    with transaction.atomic():
        if found.kind == Pass.Kind.RESTORE:
            after, counts = edition_restore(edition=found.before, wanted=found.wanted, run=found.run)
        else:
            _merge_scores(found)
            after, counts = _follow(found)
        told = counts | pass_report(found, after)
        Pass.objects.filter(pk=found.pk).update(after=after, report=told, is_open=False)
        claim_complete(claim, outcome={"catalog": after.catalog.slug, "revision": after.revision, **counts})


def _merge_scores(found: Pass) -> None:
    scores = found.prediction_set
    if scores.state == PredictionSet.State.BUILDING:
        scores_publish(scores=scores, run_id=found.run_id)
    elif found.stale_count:
        delta_merge(scores=scores, run_id=found.run_id, ingest_id=found.ingest_id, revision=found.set_revision)


def _follow(found: Pass) -> tuple[Edition, dict[str, int]]:
    """The catalog changed in place where it is of these scores already, else filled anew from them."""
    if found.before.prediction_set_id == found.prediction_set_id:
        return edition_follow(edition=found.before, run=found.run)
    after = edition_begin(
        catalog=found.catalog, scores=found.prediction_set, threshold=found.before.threshold, run=found.run
    )
    edition_publish(edition=after)
    return after, difference_counts(found.before, after)


def passes_sweep() -> list[str]:
    """Close passes whose runs are over, and drop the tables that those which failed have left."""
    over, swept = Pass.objects.filter(Q(run=None) | Q(run__state__in=OVER), is_open=True), []
    for found in over.select_related("prediction_set__version__method", "catalog"):
        with transaction.atomic():
            if found.run_id:
                drop_table(delta_table(found.prediction_set, found.run_id).name)
            Pass.objects.filter(pk=found.pk).update(is_open=False)
            swept.append(str(found))
    return swept


def _ready(edition: Edition, owner, what: str) -> Edition:
    """The catalog's current edition, locked; nobody else begins a pass until this transaction has ended."""
    catalog = Catalog.objects.select_for_update(no_key=True).get(pk=edition.catalog_id)
    owner_check(user=owner, thing=catalog, name=catalog.slug, what=what)
    passes_sweep()
    if (under_way := catalog.passes.filter(is_open=True).first()) is not None:
        raise RescoringError(f"{catalog.slug}: run {under_way.run_id} is at it already; wait for it, or cancel it")
    found = catalog.editions.select_related("version__method__plugin", "version__method__production", "prediction_set")
    return found.get(is_current=True)


def _begin(edition: Edition, scores: PredictionSet, owner, kind: str, blocks: list[ChunkSpec], **values) -> Pass:
    catalog = edition.catalog
    found = Pass.objects.create(
        catalog=catalog, kind=kind, before=edition, prediction_set=scores, set_revision=scores.revision, **values
    )
    merge = ChunkSpec("data", {"merge": True}, phase=1)
    sources = [catalog, scores.version, *Survey.objects.filter(slug__in=scores.surveys)]
    verb = "Rescore" if kind == Pass.Kind.RESCORE else "Roll back"
    parameters = {"pass": found.pk, "catalog": catalog.slug, "version": str(scores.version), "surveys": scores.surveys,
                  "edition": edition.pk}  # fmt: skip
    found.run = run_start(
        kind=KIND,
        title=f"{verb} {catalog.title}",
        chunks=[*blocks, merge],
        owner=owner,
        parameters=parameters,
        **narrowest(sources),
    )
    found.save(update_fields=["run"])
    return found
