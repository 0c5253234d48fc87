"""A comparison by its command, with real workers of two runtimes: one run, a version for each contender, one table."""

import pytest
from django.core.management import call_command

from almagest.contract import SCORES
from almagest.registry.models import Comparison, Plugin
from almagest.registry.selectors import version_get
from almagest.runs.models import Chunk

CONTENDERS = (
    {"name": "trees", "method": "forest", "parameters": {"trees": 30}},
    {"name": "few trees", "method": "forest", "parameters": {"trees": 30, "max_depth": 2}},
    {"name": "net", "method": "network", "parameters": {"epochs": 40}},
)
STUDY = {"name": "small", "title": "Small", "description": "", "contenders": CONTENDERS, "is_ablation": False}


@pytest.fixture
def sample(simulated_sky, worker):
    """Workers of both runtimes, a frozen sample, and a study that is made in seconds."""
    worker("data", "classical", beat=True)
    worker("keras")
    what = {"plugin": "dwarf_galaxies", "method": "forest"}
    call_command("freeze_sample", "dwarfs", surveys=["evcc-simulated", "sdss-dr14-simulated"], **what)
    Plugin.objects.filter(name="dwarf_galaxies").update(studies=[STUDY])


@pytest.mark.usefixtures("sample")
def test_contenders_of_two_runtimes_are_made_as_one_run(capsys):
    call_command("compare", "dwarf_galaxies", "small", sample="dwarfs", set=["patience=5", "min_samples_leaf=2"])
    said = capsys.readouterr().out
    comparison = Comparison.objects.get()
    versions = {version.contender: version for version in comparison.versions.all()}
    assert (comparison.run.state, comparison.run.progress) == ("done", 1.0)
    assert {name: version.method.runtime for name, version in versions.items()} == {
        "trees": "classical", "few trees": "classical", "net": "keras",
    }  # fmt: skip
    assert versions["net"].parameters["patience"] == 5 and versions["trees"].parameters["min_samples_leaf"] == 2
    assert len({version.weights_sha256 for version in versions.values()}) == 3
    workers = comparison.run.chunks.filter(state=Chunk.State.DONE).values_list("worker", "queue").distinct()
    assert {queue for _, queue in workers} == {"classical", "keras"} and len({name for name, _ in workers}) > 1
    assert "evcc-simulated: " in said and "pooled: " in said
    for version in versions.values():
        assert all(f"{m['value']:.3f}" in said for m in version.metrics if m["name"] in SCORES), version.contender
    assert f"run {comparison.run_id}: net: " in said and f"run {comparison.run_id}: few trees: " in said
    assert version_get(user=None, plugin="dwarf_galaxies", method="network") == versions["net"]
