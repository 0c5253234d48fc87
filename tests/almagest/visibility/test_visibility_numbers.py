"""Numbers of a whole in which something is hidden, and names of what is hidden beside it."""

import pytest

from almagest.contract import ConfusionMatrix, Histogram, Metric, Result
from almagest.predictions.selectors import current_sets, whole_sets
from almagest.registry.comparisons import comparison_start

from .readers import MODEL, OTHER, SURVEY, give, hide, page, survey_of

pytestmark = pytest.mark.django_db


def test_totals_count_no_hidden_survey(client, both, people):
    scored = f"<b>{both.rows:,}</b><span>predictions</span>"
    assert scored in page(client, people.reader, "/").text
    hide(people, survey_of(OTHER))
    assert "<b>0</b><span>predictions</span>" in page(client, people.reader, "/").text
    assert scored in page(client, people.owner, "/").text
    assert current_sets(user=people.reader).get() == both, "scores of the other survey's objects stay"
    assert not whole_sets(user=people.reader).exists() and whole_sets(user=people.owner).get() == both


def test_the_model_page_tells_no_number_of_a_hidden_survey(client, both, people):
    version = both.version
    matrices = [
        ConfusionMatrix(name, ("S", "NM"), ((cell, 0), (0, 1))) for name, cell in ((SURVEY, 4321), (OTHER, 8765))
    ]
    metrics = [Metric("precision", group, 0.5, 0.1, 0.9, 111, 222) for group in (SURVEY, OTHER, "all")]
    report = Result(tuple(metrics), tuple(matrices)).to_json()
    version.metrics, version.figures = report["metrics"], report["figures"]
    version.save()
    hide(people, survey_of(OTHER))
    rows = f"{both.rows:,} objects"
    seen, hidden = page(client, people.owner, MODEL).text, page(client, people.reader, MODEL).text
    assert all(word in seen for word in (OTHER, "4321", "8765", rows))
    assert "4321" in hidden and not [word for word in (OTHER, "8765", rows) if word in hidden]


def test_no_outline_of_a_training_counts_a_hidden_survey(client, both, people):
    version = both.version
    figures = [
        Histogram("Redshifts", "redshift", "objects", (0, 1), {SURVEY: (43210,), OTHER: (87650,)}),
        Histogram("Latents", "latent", "objects", (0, 1), {"drawn": (1234,)}),
    ]
    version.figures = Result((), tuple(figures)).to_json()["figures"]
    version.save()
    assert "87,650" in page(client, people.reader, MODEL).text
    hide(people, survey_of(OTHER))
    hidden = page(client, people.reader, MODEL).text
    assert "1,234" in hidden and "87,650" not in hidden
    assert "87,650" in page(client, people.owner, MODEL).text


def test_a_hidden_sample_or_comparison_is_named_by_no_version(client, toys, people):
    comparison = comparison_start(plugin=toys.row, study="duel", sample=toys.sample)
    toys.train(toys.claimed(comparison.run, "classical"))
    addresses = ["/plugins/toys/", "/models/toys/tree/1/"]
    link = f"/comparisons/{comparison.pk}/"
    for address in addresses:
        assert "/samples/toybox/" in page(client, people.reader, address).text
        assert link in page(client, people.reader, address).text
    give(toys.sample, people.owner, "private")
    for address in addresses:
        assert "toybox" not in page(client, people.reader, address).text
        assert link not in page(client, people.reader, address).text
        assert link in page(client, people.owner, address).text
    give(toys.sample, people.owner, "public")
    give(comparison, people.owner, "private")
    for address in (*addresses, "/samples/toybox/"):
        assert link not in page(client, people.reader, address).text
    give(comparison, people.owner, "public")
    give(comparison.run, people.owner, "private")
    run = f"/runs/{comparison.run_id}/"
    for address in (link, "/models/toys/tree/1/"):
        assert run not in page(client, people.reader, address).text and run in page(client, people.owner, address).text


def test_programs_are_told_no_more_than_pages_tell(client, both, people):
    hide(people, survey_of(OTHER))
    give(both.version.sample, people.owner, "private")
    model = "/api/v1/models/dwarf_galaxies/forest/1/"
    addresses = [
        model,
        "/api/v1/models/?format=json",
        f"{model}predictions/?format=votable",
        "/api/v1/surveys/?format=json",
    ]
    seen = "".join(page(client, people.owner, address).text for address in addresses)
    assert OTHER in seen and "tiny" in seen and f'"rows": {both.rows}' in seen
    for address in addresses:
        answer = page(client, people.reader, address)
        assert answer.status == 200
        assert not [word for word in (OTHER, "tiny", f'"rows": {both.rows}') if word in answer.text], address
