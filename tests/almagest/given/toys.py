"""A plugin whose trainings take no time."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from almagest.contract import (
    SCORES,
    Contender,
    Metric,
    Parameter,
    Plugin,
    Result,
    Study,
    no_report,
    write_sample,
)
from almagest.contract.metrics import proportion
from almagest.contract.sample import KEY_COLUMNS
from almagest.registry.services import plugin_sync
from almagest.registry.training import version_train
from almagest.runs.leases import Claim, chunk_claim
from almagest.runs.models import Run
from almagest.samples.models import Sample
from dwarf_galaxies.plugin import plugin


def toy_train(sample, parameters, out, report) -> Result:
    """A training without learning: every score is what the parameter `skill` says."""
    (out / "weights.json").write_text(json.dumps(parameters))
    skill, folds = parameters["skill"], {"split": "validation", "std": 0.01}
    metrics = [
        Metric(score, group, skill, of=of)
        for group in ("all", "sdss-dr14", "evcc")
        for score in SCORES
        for of in ("signal", "others")
        if score not in ("precision", "recall") or of == "others"
    ]
    for group in ("all", "sdss-dr14", "evcc"):
        metrics += [proportion(score, group, round(40 * skill), 40) for score in ("precision", "recall")]
        metrics += [Metric(score, group, skill - 0.1, **folds) for score in SCORES]
    details = {"search": {"draws": 3, "folds": 5, "chosen": {"depth": 4}}} if "depth" in parameters else {}
    return Result(tuple(metrics), details=details)


def toy_plugin() -> Plugin:
    """Two methods of different runtimes, a study of both and one of a method's variants."""
    skill = Parameter("skill", 0.5, "How good it is said to be", 0, 1)
    depth = Parameter("depth", 3, "Levels of the tree", 1, 9, search=(2, 4, 8))
    balance = Parameter("balance", "none", "About rare classes", choices=("none", "weights"))
    given = {"implementation": "toy_trainer", "cuts": ()}
    tree = replace(plugin.method("forest"), name="tree", title="Tree", parameters=(skill, depth), **given)
    net = replace(tree, name="net", title="Net", runtime="keras", parameters=(skill, balance))
    duel = (Contender("tree", "tree", {"skill": 0.75}), Contender("net", "net", {"skill": 0.5}))
    variants = tuple(Contender(name, "net", {"balance": name}) for name in balance.choices)
    studies = (
        Study("duel", "Comparison of toys", "Both toys on one sample.", duel),
        Study("balance", "Treatments of imbalance", "The net with and without weights.", variants, is_ablation=True),
    )
    return replace(plugin, name="toys", title="Toys", methods=(tree, net), studies=studies)


@pytest.fixture
def toys(db, file_store: Path, tmp_path: Path, monkeypatch) -> SimpleNamespace:
    """A plugin whose trainings take no time, with a frozen sample: `row`, `sample`, and `work(run, queue)`."""
    monkeypatch.setitem(sys.modules, "toy_trainer", SimpleNamespace(train=toy_train))
    declaration = toy_plugin()
    counts = {
        "evcc": {"S": {"train": 700, "test": 187}, "NM": {"train": 150, "test": 40}},
        "sdss-dr14": {"S": {"train": 51, "test": 12}, "NM": {"train": 650, "test": 161}},
    }
    definition = {"surveys": ["evcc", "sdss-dr14"], "seed": 1, "test_fraction": 0.2}
    sample = Sample.objects.create(
        name="toybox", plugin_name="toys", method_name="tree", definition=definition, ingest_id=1, cross_match_id=0,
        rows=1951, counts=counts, checksum="c" * 64, folder="samples/none",
    )  # fmt: skip
    folder = tmp_path / "toybox"
    write_sample(folder, KEY_COLUMNS.empty_table(), classes=("S", "NM"), signal="S", seed=1, definition=definition)
    row = plugin_sync(declaration=declaration)

    def claimed(run: Run, queue: str) -> Claim:
        return chunk_claim(run_id=run.pk, queue=queue, worker="test")

    def train(claim: Claim) -> None:
        method = row.methods.get(pk=claim.payload["method_id"])
        out = tmp_path / f"out-{claim.chunk_id}-{claim.token}"
        out.mkdir()
        version_train(
            claim=claim, row=method, sample=sample, method=declaration.method(method.name), plugin=declaration,
            sample_folder=folder, out=out, report=no_report,
        )  # fmt: skip

    return SimpleNamespace(row=row, sample=sample, declaration=declaration, claimed=claimed, train=train)
