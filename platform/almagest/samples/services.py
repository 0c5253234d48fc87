"""Defining and freezing samples."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from almagest.accounts.models import Owned
from almagest.accounts.sharing import narrowest
from almagest.contract import Labelling, Method, SampleError
from almagest.core.files import folder_checksum, move_folder, working_folder
from almagest.runs.leases import Claim, claim_complete
from almagest.runs.models import Run
from almagest.runs.services import ChunkSpec, run_start
from almagest.samples.build import build_sample
from almagest.samples.models import Sample
from almagest.samples.reading import can_feed
from almagest.sky.selectors import snapshot, survey_get

KIND = "freeze_sample"


@transaction.atomic
def sample_start(
    *,
    name: str,
    plugin: str,
    method: str,
    surveys: list[str],
    seed: int = 1,
    test_fraction: float = 0.2,
    given_labels: Mapping[str, str] | None = None,
    made_of: Iterable[Owned] = (),
    owner=None,
) -> Run:
    """Define a sample on the sky as it is now, and send it to be frozen.

    Parameters
    ----------
    given_labels
        Labels that people gave to single objects, which stand in place of the plugin's: ``name``, ``folder`` in the file store,
        ``checksum``, and ``from``, which says where they come from.
    made_of
        What else the sample shows something of, beside its surveys: it is shown to no more people than these are.

    Raises
    ------
    SampleError
        When the name is taken, or a survey is unknown, or the share held back is not between 0 and 1.
    """
    if Sample.objects.filter(name=name).exists():
        raise SampleError(f"a sample named {name!r} exists; samples never change, choose another name")
    if not 0 < test_fraction < 1:
        raise SampleError(f"test fraction {test_fraction} is not between 0 and 1")
    chosen = [survey_get(user=owner, slug=slug) for slug in sorted(set(surveys))]
    slugs, seen_by = [survey.slug for survey in chosen], narrowest([*chosen, *made_of])
    definition = {"plugin": plugin, "method": method, "surveys": slugs, "seed": seed, "test_fraction": test_fraction}
    if given_labels:
        definition["given_labels"] = dict(given_labels)
    now = snapshot()
    sample = Sample.objects.create(
        name=name,
        plugin_name=plugin,
        method_name=method,
        owner=owner,
        definition=definition,
        ingest_id=now.ingest_id,
        cross_match_id=now.cross_match_id,
        **seen_by,
    )
    chunk = ChunkSpec(queue="data", payload={"sample_id": sample.pk})
    asked = {"sample": name} | sample.definition
    run = run_start(kind=KIND, title=f"Freeze sample {name}", chunks=[chunk], owner=owner, parameters=asked, **seen_by)
    sample.run = run
    sample.save(update_fields=["run"])
    return run


def sample_freeze(*, claim: Claim, sample: Sample, method: Method, labelling: Labelling) -> None:
    """Build the sample's folder, keep it, and fill its row, all at once."""
    for slug in sample.definition["surveys"]:
        if not can_feed(slug, method.inputs, needs_spectra=bool(method.spectra)):
            needs = ["spectra"] * bool(method.spectra) + method.inputs.names
            raise SampleError(f"survey {slug} lacks inputs of {method.name}: {', '.join(needs)}")
    with working_folder() as work:
        values = build_sample(sample, method, labelling, work / "sample")
        key = f"samples/{folder_checksum(work / 'sample')}"
        move_folder(work / "sample", key)
    with transaction.atomic():
        Sample.objects.filter(pk=sample.pk).update(folder=key, **values)
        claim_complete(claim, outcome={"sample": sample.name, "rows": values["rows"]})
