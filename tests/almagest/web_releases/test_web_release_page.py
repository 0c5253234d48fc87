"""The page of a data release: what it shows of it, of its files, its sources and its changes."""

import html
import re

import pytest

from almagest.releases.content import bibtex
from almagest.releases.models import Release
from almagest.releases.services import release_publish
from almagest.releases.words import parse_creator
from almagest.sky.models import Survey
from tests.almagest.given.asking import login, markup
from tests.almagest.given.releases import work_on

from .pages import HOSTILE, V1, V2, another, pre

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20


def test_the_page_says_all_that_the_release_is(client, drafted, people):
    creators = (parse_creator("Payne-Gaposchkin, Cecilia; 0000-0002-1825-0097; Harvard"), parse_creator("Mouseion"))
    given = {
        "doi": "10.5281/zenodo.1234567",
        "known_issues": ("Few of them are <i>dwarfs</i>.",),
        "description": f"All {HOSTILE}",
    }
    found = release_publish(
        user=None, release=work_on(drafted(owner=people.owner, creators=creators, filters={"p_s__min": "0.7"}, **given))
    )
    raw = client.get(V1).content.decode()
    text = html.unescape(raw)
    for entry in found.entries:
        if not entry.path.startswith("hats/"):
            assert f'<code class="sha" title="{entry.sha256}"' in raw and f">{entry.path}</a>" in raw
            assert f'title="{entry.bytes:,} bytes"' in raw
    assert "Few of them are &lt;i&gt;dwarfs&lt;/i&gt;." in raw and HOSTILE not in raw and "All &lt;script&gt;" in raw
    assert 'href="https://orcid.org/0000-0002-1825-0097"' in raw and "Harvard" in raw and "Mouseion" in raw
    assert 'href="https://doi.org/10.5281/zenodo.1234567"' in raw
    assert 'href="https://creativecommons.org/licenses/by/4.0/legalcode"' in raw
    for column in found.table.columns:
        assert f'<td class="mono">{column.name}</td>' in raw and column.description in text and column.ucd in raw
    told = found.told
    for said in (told.model.weights_sha256, told.sample.checksum, told.surveys[0].ingests[0].sha256, told.surveys[0].citation,
                 told.surveys[0].licence, "simulated", f"{found.rows:,}", "chosen for this release: p_s__min = 0.7"):  # fmt: skip
        assert said in text, said
    assert pre(raw, "BibTeX").startswith("@misc{dwarfs-v1,") and "https://doi.org/10.5281/zenodo.1234567" in pre(
        raw, "Citation"
    )
    assert "who may see" not in text.lower() and "For its owner" not in text and "Changes since" not in text


def test_every_address_on_the_page_is_there(client, out):
    raw = client.get(V1).content.decode()
    found = {html.unescape(link) for link in re.findall(r'href="(/[^"]+)"', raw) if not link.startswith("/static/")}
    assert {f"{V1}files/dwarfs-v1.{end}" for end in ("fits", "vot", "parquet", "csv")} < found
    assert f"{V1}files/hats/hats.properties" in found and not any("Npix" in link for link in found)
    assert {link: status for link in found if (status := client.get(link).status_code) != 200} == {}


def test_a_page_without_a_site_address_is_cited_by_its_own(client, out):
    assert out.told.url == ""
    raw = client.get(V1).content.decode()
    assert f"http://testserver{V1}" in pre(raw, "Citation") and f"url       = {{http://testserver{V1}}}" in pre(
        raw, "BibTeX"
    )
    assert f"http://testserver{V1}" not in bibtex(out.told)


def test_changes_are_told_against_the_release_before(client, out):
    changes = {
        "added": 1234,
        "removed": 0,
        "changed": 5,
        "columns_added": ["r"],
        "columns_removed": ["g"],
        "columns_changed": [],
    }
    before = {"previous": {"version": 1, "doi": "", "url": ""}, "changes": changes}
    files = [*out.files, out.files[0] | {"path": "changes.csv"}, out.files[0] | {"path": "changes.parquet"}]
    another(out, facts=out.facts | before, files=files)
    raw = client.get(V2).content.decode()
    assert "<b>1,234</b><span>rows added</span>" in raw and "<b>0</b><span>rows removed</span>" in raw
    assert f'Changes since <a href="{V1}">v1</a>' in raw and "declared otherwise" not in raw
    assert '<dt>New columns</dt><dd class="mono">r</dd>' in raw
    assert '<dt>Columns that are gone</dt><dd class="mono">g</dd>' in raw
    assert f'<a href="{V2}files/changes.csv">' in raw and f'<a href="{V2}files/changes.parquet">' in raw
    assert "A newer version is published: " in markup(client.get(V1)) and "newer version" not in markup(client.get(V2))
    Release.objects.filter(number=1).update(visibility="private")
    assert "Changes since v1" in markup(client.get(V2)), "what one may not see is not linked"


def test_the_page_asks_little_of_the_database(client, people, out, django_assert_max_num_queries):
    for reader in (None, people.owner):
        if reader:
            client.force_login(reader)
        with django_assert_max_num_queries(MOST_QUERIES):
            client.get(V1)


def test_weights_and_formats_show_where_they_are(client, drafted, people, monkeypatch):
    found = release_publish(user=None, release=work_on(drafted(owner=people.owner, formats=["csv"])))
    text = markup(client.get(V1))
    assert found.formats == ["parquet", "csv"] and "weights too" not in text and "among the files" not in text
    assert "lsdb" not in text and "astropy" not in text and "read_parquet" in pre(text, "Python")
    assert "dwarfs-v1.parquet" in pre(text, "Command for one file")
    Release.objects.update(with_weights=True)
    assert "the model’s weights" in markup(client.get(V1))


def test_a_survey_that_is_hidden_is_not_named(client, out, people):
    """The scores may be shown to everybody although the labels were somebody's own."""
    given = {"release": "1", "citation": "Own", "observed": True}
    survey = Survey.objects.create(slug="labels", name="Own labels", owner=people.owner, visibility="private", **given)
    facts = out.facts | {
        "surveys": [*out.facts["surveys"], out.facts["surveys"][0] | {"slug": survey.slug, "name": survey.name}]
    }
    Release.objects.update(facts=facts)
    assert "Own labels" not in markup(client.get(V1))
    assert "Own labels" in markup(login(people.owner).get(V1))
