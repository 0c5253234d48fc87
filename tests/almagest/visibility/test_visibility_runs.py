"""Runs name nothing to those who may not see it, and are hidden with what they name."""

import pytest

from almagest.accounts.services import visibility_change
from almagest.predictions.services import scoring_start
from almagest.registry.comparisons import comparison_start
from almagest.registry.selectors import version_get
from almagest.registry.training import training_start
from almagest.runs.models import Run
from almagest.runs.selectors import run_list
from almagest.samples.services import sample_start

from .readers import OTHER, SURVEY, give, hide, of, page, survey_of

pytestmark = pytest.mark.django_db


def test_a_run_names_nothing_to_those_who_may_not_see_it(client, toys, people):
    """The run's page stays; what it made is hidden one by one."""
    comparison = comparison_start(plugin=toys.row, study="duel", sample=toys.sample, owner=people.owner)
    toys.train(toys.claimed(comparison.run, "classical"))
    address, made = f"/runs/{comparison.run_id}/", "toys/tree v1"
    assert made in page(client, people.reader, address).text
    give(version_get(user=None, plugin="toys", method="tree"), people.owner, "private")
    assert made not in page(client, people.reader, address).text
    assert made in page(client, people.owner, address).text


@pytest.mark.parametrize("thing", ["survey", "sample", "version", "catalog"])
def test_what_becomes_hidden_takes_its_runs_along(edition, people, thing):
    version = edition.version
    runs = {
        "train": training_start(method=version.method, sample=version.sample, parameters={}),
        "score": scoring_start(version=version, surveys=[SURVEY]),
        "publish": edition.run,
        "freeze": sample_start(name="more", plugin="dwarf_galaxies", method="forest", surveys=[SURVEY]),
        "unrelated": Run.objects.create(
            kind="toy", title="Unrelated", parameters={"surveys": [OTHER], "sample": "tin"}
        ),
    }
    expected = {
        "survey": {"train", "score", "publish", "freeze"}, "sample": {"train"}, "version": {"score", "publish"},
        "catalog": {"publish"},
    }  # fmt: skip
    it = {"survey": survey_of(), "sample": version.sample, "version": version, "catalog": edition.catalog}[thing]
    hide(people, it, "group")
    hidden = {name for name, run in runs.items() if run not in run_list(user=people.reader)}
    assert hidden == expected[thing]
    assert all(of(runs[name]) == ("group", "dwarfs") for name in hidden)
    visibility_change(user=people.owner, thing=it, visibility="private")
    assert all(of(runs[name]) == ("private", "") for name in hidden)
    visibility_change(user=people.owner, thing=it, visibility="public")
    assert all(of(runs[name]) == ("private", "") for name in hidden), "a run may name more than this thing"
