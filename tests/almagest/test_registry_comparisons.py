"""Comparisons without workers: what is refused, what is sent, what a training writes, and the table that comes of it."""

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from almagest.accounts.models import User
from almagest.contract import AlmagestError
from almagest.registry.comparisons import comparison_start
from almagest.registry.models import Comparison, ModelVersion
from almagest.registry.score_tables import (
    COLUMNS,
    ScoreColumn,
    comparison_groups,
    comparison_table,
    comparison_versions,
    group_counts,
)
from almagest.registry.selectors import comparison_get, comparison_list, study_list, version_get
from almagest.registry.services import RegistryError
from almagest.registry.training import training_start
from almagest.runs.leases import LeaseLost, claim_abandon
from almagest.runs.models import Chunk, Run
from almagest.runs.services import run_cancel
from almagest.samples.models import Sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def start(toys):
    """A function that starts a comparison on the toys' sample."""

    def start_it(study: str = "duel", owner=None, **given) -> Comparison:
        return comparison_start(plugin=toys.row, study=study, sample=toys.sample, given=given, owner=owner)

    return start_it


@pytest.fixture
def make(toys, start):
    """A function that starts a comparison and does all of its trainings."""

    def make_it(study: str = "duel", **given) -> Comparison:
        comparison = start(study, **given)
        for queue in ("classical", "keras", "keras"):
            if claim := toys.claimed(comparison.run, queue):
                toys.train(claim)
        comparison.run.refresh_from_db()
        return comparison

    return make_it


def test_a_study_becomes_one_run_with_a_chunk_for_each_contender(start):
    comparison = start(skill="0.25")
    chunks = comparison.run.chunks.all()
    assert [(c.queue, c.payload["contender"], c.payload["given"]) for c in chunks] == [
        ("classical", "tree", {"skill": "0.25"}), ("keras", "net", {"skill": "0.25"}),
    ]  # fmt: skip
    assert comparison.run.kind == "compare"
    assert comparison.run.parameters["given"] == {"skill": "0.25"}
    assert comparison.study["title"] in comparison.run.title


def test_a_given_parameter_goes_to_those_contenders_that_have_it(start):
    given = [c.payload["given"] for c in start(depth=7).run.chunks.all()]
    assert given == [{"skill": 0.75, "depth": 7}, {"skill": 0.5}]


@pytest.mark.parametrize(
    ("study", "given", "words"),
    [
        ("all", {}, "no study 'all'; it has duel, balance"), ("duel", {"lr": 1}, "no contender has a parameter lr"),
        ("duel", {"depth": 99}, "contender tree: parameter depth: 99 is outside 1"),
        ("duel", {"skill": "high"}, "contender tree: parameter skill: 'high' is not of type float"),
        ("balance", {"balance": "none"}, "contenders none and weights would be the same"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_before_anything_is_written(start, study, given, words):
    with pytest.raises(RegistryError, match=words):
        start(study, **given)
    assert not Comparison.objects.exists() and not Run.objects.exists()


def test_a_study_whose_method_is_gone_is_refused(toys, start):
    toys.row.methods.get(name="net").delete()
    with pytest.raises(RegistryError, match="contender net: toys has no method 'net'"):
        start()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"checksum": ""}, "not frozen yet"),
        ({"plugin_name": "others"}, "labelled by others"),
        ({"method_name": "gone"}, "was cut for gone and has no .*; freeze one with --method"),
    ],
)
def test_only_a_frozen_sample_of_the_plugin_will_do(toys, start, change, words):
    for name, value in change.items():
        setattr(toys.sample, name, value)
    with pytest.raises(RegistryError, match=words):
        start()


def test_a_comparison_that_is_being_made_is_not_begun_again(start):
    first = start()
    with pytest.raises(RegistryError, match=f"run {first.run.pk} is making Comparison of toys on toybox already"):
        start()
    start("balance")
    run_cancel(run_id=first.run.pk)
    assert start().pk > first.pk


def test_each_training_leaves_a_version_that_knows_its_place(make):
    comparison = make()
    assert comparison.run.state == "done", comparison.run.error
    tree, net = comparison.versions.order_by("contender")[::-1]
    assert (tree.contender, tree.method.name, tree.parameters) == ("tree", "tree", {"skill": 0.75, "depth": 3})
    assert (net.contender, net.method.name, net.parameters["balance"]) == ("net", "net", "none")
    assert {tree.run_id, net.run_id} == {comparison.run.pk}
    assert tree.seconds > 0 and not tree.is_variant
    assert comparison.run.outcome == {"tree": tree.pk, "net": net.pk}


def test_variants_are_numbered_but_are_nobodys_newest_version(toys, make):
    first = make().versions.get(contender="net")
    ablation = make("balance")
    assert sorted(ablation.versions.values_list("contender", "number", "is_variant")) == [
        ("none", 2, True), ("weights", 3, True),
    ]  # fmt: skip
    assert version_get(user=None, plugin="toys", method="net") == first
    assert version_get(user=None, plugin="toys", method="net", number=3).contender == "weights"


def test_a_training_alone_goes_the_same_way(toys):
    run = training_start(method=toys.row.methods.get(name="net"), sample=toys.sample, parameters={"skill": 0.9})
    toys.train(toys.claimed(run, "keras"))
    version = ModelVersion.objects.get(run=run)
    assert (version.comparison, version.contender, version.parameters["skill"]) == (None, "", 0.9)
    run.refresh_from_db()
    assert run.outcome == {"model_version": version.pk, "number": 1}


def test_a_chunk_done_twice_leaves_one_version(toys, start):
    comparison = start()
    first = toys.claimed(comparison.run, "classical")
    Chunk.objects.update(lease_until="2000-01-01T00:00Z")
    second = toys.claimed(comparison.run, "classical")
    toys.train(second)
    with pytest.raises(LeaseLost), transaction.atomic():
        toys.train(first)
    assert comparison.versions.count() == 1


def test_a_contender_that_fails_fails_the_run_and_what_was_made_stays(toys, start):
    comparison = start()
    toys.train(toys.claimed(comparison.run, "keras"))
    claim_abandon(toys.claimed(comparison.run, "classical"), error="no rows of class S")
    comparison.run.refresh_from_db()
    assert (comparison.run.state, comparison.run.error) == ("failed", "tree: no rows of class S")
    versions = comparison_versions(comparison, user=None)
    table = comparison_table(comparison, "all", versions=versions)
    assert [row.version is None for row in table.rows] == [True, False]
    assert all(cell.metric is None for cell in table.rows[0].cells)


def test_the_table_has_the_papers_columns_and_marks_the_best(make):
    comparison = make()
    versions = comparison_versions(comparison, user=None)
    assert comparison_groups(versions) == ["evcc", "sdss-dr14", "all"]
    table = comparison_table(comparison, "sdss-dr14", versions=versions)
    assert [(c.split, c.of) for c in table.columns[:3]] == [
        ("validation", "signal"), ("test", "signal"), ("test", "others"),
    ]  # fmt: skip
    assert [c.score for c in table.columns[::3]] == ["precision", "recall", "f1", "agf"]
    tree, net = table.rows
    assert all(cell.is_best for cell in tree.cells) and not any(cell.is_best for cell in net.cells)
    precision = tree.cells[table.columns.index(ScoreColumn("precision", "test", "signal"))].metric
    assert (precision["value"], precision["numerator"], precision["denominator"]) == (0.75, 30, 40)
    assert tree.cells[0].metric["value"] == pytest.approx(0.65) and tree.cells[0].metric["std"] == 0.01


def test_scores_that_print_alike_are_best_together_and_one_alone_is_not_best(toys, start):
    comparison = start(skill=0.5)
    toys.train(toys.claimed(comparison.run, "classical"))
    for contenders, expected in ((1, False), (2, True)):
        versions = comparison_versions(comparison, user=None)
        table = comparison_table(comparison, "all", versions=versions)
        best = [cell.is_best for row in table.rows if row.version for cell in row.cells]
        assert (len(versions), set(best)) == (contenders, {expected})
        if contenders == 1:
            net = toys.claimed(comparison.run, "keras")
            toys.train(net)
            almost = comparison.versions.get(contender="net")
            almost.metrics = [m | {"value": m["value"] + 0.0001} for m in almost.metrics]
            almost.save()


def test_before_anything_is_trained_the_table_stands_empty(start):
    table = comparison_table(start(), "all", versions={})
    assert table.columns == COLUMNS and [row.version for row in table.rows] == [None, None]


def test_the_sizes_are_those_of_the_sample(start):
    comparison = start()
    test = group_counts(comparison, "sdss-dr14")["test"]
    assert list(test) == comparison.plugin.classes
    assert {name: n for name, n in test.items() if n} == {"S": 12, "NM": 161}
    assert group_counts(comparison, "all")["train"]["S"] == 751


def test_a_private_sample_makes_a_private_comparison(toys, start, make):
    owner, stranger = User.objects.create_user("vera"), User.objects.create_user("fritz")
    toys.sample.owner, toys.sample.visibility = owner, "private"
    comparison = start(owner=owner)
    toys.train(toys.claimed(comparison.run, "keras"))
    for user in (None, stranger):
        assert not comparison_list(user=user).exists()
        assert comparison_versions(comparison, user=user) == {}
        with pytest.raises(RegistryError, match=f"there is no comparison {comparison.pk}"):
            comparison_get(user=user, pk=comparison.pk)
    assert comparison_get(user=owner, pk=comparison.pk) == comparison
    assert list(comparison_versions(comparison, user=owner)) == ["net"]


def test_studies_come_with_their_comparisons_even_when_no_longer_declared(toys, make):
    comparison = make()
    toys.row.studies = [study for study in toys.row.studies if study["name"] != "duel"]
    found = study_list(user=None, plugin=toys.row)
    assert [(s["name"], s["is_declared"], s["comparisons"]) for s in found] == [
        ("balance", True, []), ("duel", False, [comparison]),
    ]  # fmt: skip


@pytest.fixture
def worked(toys, monkeypatch):
    """The command's waiting does the work."""

    def wait(run):
        for queue in ("classical", "keras", "keras"):
            if claim := toys.claimed(run, queue):
                toys.train(claim)
        run.refresh_from_db()
        return run

    monkeypatch.setattr("almagest.registry.management.commands.compare.run_wait", wait)


def test_the_command_prints_a_table_for_each_survey_and_the_pooled_one(worked, capsys):
    call_command("compare", "toys", "duel", sample="toybox", set=["depth=2"])
    said = capsys.readouterr().out
    assert "2 trainings, on workers of the queues classical, keras" in said
    assert "sdss-dr14: 701 train (51 S), 173 test (12 S)" in said
    assert said.index("evcc:") < said.index("sdss-dr14:") < said.index("pooled: 1,551 train")
    tree = next(line for line in said.splitlines() if line.strip().startswith("tree"))
    assert "0.650 ±0.010*" in tree and "0.750*" in tree
    assert "toys/tree v1" in said and "peak memory" in said


def test_the_command_does_nothing_where_the_comparison_is_there(worked, capsys):
    for _ in range(2):
        call_command("compare", "toys", "duel", sample="toybox", if_missing=True)
    assert Comparison.objects.count() == 1
    call_command("compare", "toys", "duel", sample="toybox")
    assert Comparison.objects.count() == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("toys", "duel", "--sample", "nothing"), "there is no sample 'nothing'"),
        (("no", "duel", "--sample", "toybox"), "no plugin 'no'"),
        (("toys", "none", "--sample", "toybox"), "no study 'none'"),
        (("toys", "duel", "--sample", "toybox", "--set", "fast"), "NAME=VALUE"),
        (("toys", "duel", "--sample", "toybox", "--set", "depth=deep"), "contender tree: parameter depth: 'deep'"),
    ],
)
def test_the_command_says_what_is_wrong(worked, toys, arguments, words):
    with pytest.raises((CommandError, AlmagestError), match=words):
        call_command("compare", *arguments)
    assert Sample.objects.count() == 1 and not Run.objects.exists()
