"""A toy plugin whose labels and scores a hand can count, and verifications of it."""

from dataclasses import replace
from pathlib import Path

from almagest.contract import Column, Labelling, Method, Paper, Table, no_report
from almagest.contract import Plugin as PluginDeclaration
from almagest.core.listings import read_page
from almagest.predictions.listings import pair_listing
from almagest.predictions.models import Verification
from almagest.predictions.verification.services import verification_run, verification_start
from almagest.registry.models import ModelVersion
from almagest.runs.leases import chunk_claim
from almagest.runs.models import Run

ARCSEC = 1 / 3600
LABELLING = Labelling(
    ("S", "M", "F"),
    "S",
    Table("toy_labels", "", (Column("redshift", "float32"), Column("spec_class", "string"), Column("distance_mpc", "float32", "Mpc"))),
    "toy_labels:classify",
)  # fmt: skip
METHOD = Method(
    name="toy", title="Toy", description="", runtime="classical", implementation="nowhere", rank_by="p_s",
    inputs=Table("toy_inputs", "", (Column("g", "float32", "mag"), Column("r", "float32", "mag"))),
    outputs=Table("toy_outputs", "", (Column("p_s", "float32"), Column("predicted_class", "string"))),
    cut_inputs=Table("toy_cuts", "", (Column("r50", "float32", "arcsec"), Column("spec_class", "string"))),
)  # fmt: skip
PLUGIN = PluginDeclaration(
    name="toys", title="Toys", version="1", summary="", paper=Paper("", "", 2025), readme=Path(), labelling=LABELLING,
    methods=(METHOD,), simulation="nowhere:simulate",
)  # fmt: skip


def verify(version: ModelVersion, survey: str = "sami-dr3", radius_arcsec: float = 2.0, owner=None) -> Verification:
    """Start and do it, as a worker does."""
    run = verification_start(version=version, survey=survey, radius_arcsec=radius_arcsec, owner=owner)
    do(run)
    return Verification.objects.get(run=run)


def do(run: Run, labelling: Labelling = LABELLING, relations: str = ""):
    """The run's one chunk; gives the claim."""
    claim = chunk_claim(run_id=run.pk, queue="data", worker="test")
    verification = Verification.objects.get(pk=claim.payload["verification_id"])
    plugin = replace(PLUGIN, labelling=labelling, relations=relations)
    verification_run(claim=claim, verification=verification, method=METHOD, plugin=plugin, report=no_report)
    return claim


def pairs(verification: Verification) -> list[dict]:
    listing = pair_listing(user=None, verification=verification).choosing("all")
    return read_page(listing, size=10_000).rows


def value(verification: Verification, name: str, part: str, group: str = "all", of: str = "signal") -> tuple:
    found = [m for m in verification.metrics[part] if (m["name"], m["group"], m["of"]) == (name, group, of)]
    assert len(found) == 1
    return found[0]["numerator"], found[0]["denominator"], found[0]["value"]
