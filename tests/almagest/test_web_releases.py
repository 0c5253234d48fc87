"""Pages of data releases: what they show in each state and to whom, the forms, the files, signed links and counts."""

import csv
import html
import io
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from almagest.accounts.models import User
from almagest.catalogs.models import Catalog
from almagest.registry.models import ModelVersion
from almagest.releases.content import ALL, bibtex
from almagest.releases.downloads import count_download, link_sign
from almagest.releases.models import DownloadCount, Release
from almagest.releases.selectors import download_totals
from almagest.releases.services import release_publish, release_retract
from almagest.releases.words import parse_creator
from almagest.runs.models import Run
from almagest.sky.models import Survey
from almagest.web import releases as words_of

from .conftest import work_on

pytestmark = pytest.mark.django_db
LIST, V1, V2, NEW = "/releases/", "/releases/dwarfs/v1/", "/releases/dwarfs/v2/", "/catalogs/dwarfs/release/"
HOSTILE = "<script>alert(1)</script>"
SCORED = "sdss-dr14-simulated"
MOST_QUERIES = 20
FORM = {
    "title": "Dwarfs of the simulated sky", "description": "All of them.", "licence": "CC0-1.0", "doi": "10.5281/zenodo.1234567",
    "creators": "Payne-Gaposchkin, Cecilia; 0000-0002-1825-0097; Harvard\r\n\r\nMouseion", "known_issues": "Few.\nSmall.",
    "formats": ["fits", "csv"], "columns": ["source_id", "g", "p_s"],
}  # fmt: skip
State = Release.State


def login(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def words(response, status: int = 200) -> str:
    """What the page says."""
    assert response.status_code == status, response.content[:500]
    return html.unescape(response.content.decode())


def fetched(client: Client, address: str, **given):
    """The answer with a file, read to its end."""
    answer = client.get(address, **given)
    answer.getvalue()
    return answer


def pre(text: str, label: str) -> str:
    """What stands in a box to be copied."""
    return re.search(rf'aria-label="{label}">(.*?)</pre>', text, re.DOTALL)[1]


@pytest.fixture
def owned(drafted, people) -> Release:
    """A release of the owner's, built and checked."""
    return work_on(drafted(owner=people.owner, description="Dwarfs of a <b>simulated</b> sky."))


@pytest.fixture
def out(owned) -> Release:
    """The same, published."""
    return release_publish(user=None, release=owned)


def another(release: Release, **given) -> Release:
    """A later release of the same rows, with the same files; how a real one differs is seen where servers are real."""
    values = {field.name: getattr(release, field.name) for field in Release._meta.concrete_fields}
    more = {"id": None, "number": release.number + 1, "run": None, "previous": release}
    return Release.objects.create(**values | more | given)


# The page ----------------------------------------------------------------------------------------------------------------


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
    assert "A newer version is published: " in words(client.get(V1)) and "newer version" not in words(client.get(V2))
    Release.objects.filter(number=1).update(visibility="private")
    assert "Changes since v1" in words(client.get(V2)), "what one may not see is not linked"


def test_the_page_asks_little_of_the_database(client, people, out, django_assert_max_num_queries):
    for reader in (None, people.owner):
        if reader:
            client.force_login(reader)
        with django_assert_max_num_queries(MOST_QUERIES):
            client.get(V1)


def test_weights_and_formats_show_where_they_are(client, drafted, people, monkeypatch):
    found = release_publish(user=None, release=work_on(drafted(owner=people.owner, formats=["csv"])))
    text = words(client.get(V1))
    assert found.formats == ["parquet", "csv"] and "weights too" not in text and "among the files" not in text
    assert "lsdb" not in text and "astropy" not in text and "read_parquet" in pre(text, "Python")
    assert "dwarfs-v1.parquet" in pre(text, "Command for one file")
    Release.objects.update(with_weights=True)
    assert "the model’s weights" in words(client.get(V1))


def test_a_survey_that_is_hidden_is_not_named(client, out, people):
    """The scores may be shown to everybody although the labels were somebody's own."""
    given = {"release": "1", "citation": "Own", "observed": True}
    survey = Survey.objects.create(slug="labels", name="Own labels", owner=people.owner, visibility="private", **given)
    facts = out.facts | {
        "surveys": [*out.facts["surveys"], out.facts["surveys"][0] | {"slug": survey.slug, "name": survey.name}]
    }
    Release.objects.update(facts=facts)
    assert "Own labels" not in words(client.get(V1))
    assert "Own labels" in words(login(people.owner).get(V1))


# States and readers ------------------------------------------------------------------------------------------------------


def put(release: Release, state: str, people) -> None:
    """The release in one of the states that pages know."""
    values = {"state": State.DRAFT, "files": [], "rows": None}
    if state in ("queued", "failed", "cancelled"):
        Run.objects.filter(pk=release.run_id).update(
            state=state, error="the disk <b>is full</b>" if state == "failed" else ""
        )
    elif state == "retracted":
        values = {
            "state": State.RETRACTED,
            "published": timezone.now(),
            "retracted": timezone.now(),
            "reason": "Wrong magnitudes.",
        }
    else:
        values = {"state": state}
    Release.objects.filter(pk=release.pk).update(**values)


BUTTONS = {
    "queued": set(), "failed": {"build", "discard", "links"}, "cancelled": {"build", "discard", "links"},
    "checked": {"publish", "discard", "links"}, "published": {"retract"}, "retracted": set(),
}  # fmt: skip


@pytest.mark.parametrize("state", sorted(BUTTONS))
def test_each_state_is_shown_to_whom_it_is_for(owned, people, state):
    put(owned, state, people)
    is_out = state in ("published", "retracted")
    for name in ("anonymous", "reader", "owner", "staff"):
        client = login(None if name == "anonymous" else getattr(people, name))
        answer, listed = client.get(V1), words(client.get(LIST))
        if not is_out and name in ("anonymous", "reader"):
            assert answer.status_code == 404 and "there is no release 'v1' of 'dwarfs'" in words(answer, 404)
            assert V1 not in listed and fetched(client, f"{V1}files/README.md").status_code == 404
            continue
        text = words(answer)
        tag = "draft" if state in ("queued", "failed", "cancelled") else state
        assert f'<span class="tag {tag}">{tag}</span>' in text and V1 in listed and f">{tag}</span>" in listed
        offered = set(re.findall(rf'action="{V1}(\w+)/"', text))
        mine = name in ("owner", "staff")
        wanted = BUTTONS[state] | {"links"} if state == "queued" else BUTTONS[state]
        assert offered == (wanted if mine else set())
        assert ("Who may see this" in text) == mine
        if state == "failed":
            assert "the disk &lt;b&gt;is full" in answer.content.decode() and f"/runs/{owned.run_id}/" in text
        assert ("Retracted on" in text) == (state == "retracted") == ("Wrong magnitudes." in text)
        assert ("hx-trigger" in text) == (state == "queued")


def test_a_page_follows_its_run_and_is_made_anew_when_that_ends(owned, people):
    put(owned, "queued", people)
    Run.objects.update(state="running", progress=0.25, message="Writing FITS")
    client = login(people.owner)
    moving = client.get(V1, headers={"HX-Target": "run"})
    assert "Writing FITS" in words(moving) and 'value="0.2500"' in words(moving) and "<h1" not in words(moving)
    assert "HX-Refresh" not in moving.headers
    Run.objects.update(state="done")
    assert client.get(V1, headers={"HX-Target": "run"}).headers["HX-Refresh"] == "true"


def test_a_retracted_release_says_why_and_keeps_its_files(client, out, people):
    second = another(out)
    reason = f"Extinction {HOSTILE}\nwas not taken off."
    answer = login(people.owner).post(f"{V2}retract/", {"reason": reason}, follow=True)
    assert answer.redirect_chain == [(V2, 302)] and "is retracted; its page says why" in words(answer)
    raw = client.get(V2).content.decode()
    assert "Retracted on" in raw and "Extinction &lt;script&gt;" in raw and HOSTILE not in raw
    assert f'The latest release is <a href="{LIST}dwarfs/latest/">v1</a>' in raw
    entry = second.entries[0]
    assert fetched(client, f"{V2}files/{entry.path}").status_code == 200
    assert client.get(f"{LIST}dwarfs/latest/").headers["Location"] == V1
    release_retract(user=None, release=out, reason="Also.")
    assert "no other release of this catalog" in words(client.get(V2))
    assert "has been published" in words(client.get(f"{LIST}dwarfs/latest/"), 404)


# Lists -------------------------------------------------------------------------------------------------------------------


def test_the_list_is_by_catalog_and_a_file(client, released, people):
    assert "Nothing is released yet" in words(client.get(LIST))
    first = released(owner=people.owner, doi="10.5281/zenodo.1234567", title="First")
    another(first, facts=first.facts | {"title": "Second"})
    text = words(client.get(LIST))
    assert '<h2><a href="/catalogs/dwarfs/">Dwarfs</a></h2>' in text and text.index("Second") < text.index("First")
    assert f'href="{V1}"' in text and 'href="https://doi.org/10.5281/zenodo.1234567"' in text and "simulated" in text
    links = re.findall(r'<a href="(/releases/\?format=\w+)" hx-boost="false" download>', text)
    assert len(links) == 6 and {client.get(link).status_code for link in links} == {200}
    rows = list(csv.DictReader(io.StringIO(client.get(f"{LIST}?format=csv").getvalue().decode())))
    assert [(row["label"], row["title"]) for row in rows] == [("v2", "Second"), ("v1", "First")]
    assert 'aria-current="page">Releases</a>' in text


def test_the_catalogs_page_names_its_releases(client, out, people):
    second = another(out)
    page = "/catalogs/dwarfs/?p_s__min=0.7&sort=-g&size=25"
    text = words(client.get(page))
    assert f'<a href="{V2}">v2</a> <span class="soft small">latest' in text and f'<a href="{V1}">v1</a>' in text
    assert NEW not in text
    owner = login(people.owner)
    assert f'href="{NEW}?p_s__min=0.7">Release these rows' in words(owner.get(page))
    assert f'href="{NEW}">Release this catalog' in words(owner.get("/catalogs/dwarfs/"))
    release_retract(user=None, release=second, reason="Wrong.")
    text = words(client.get(page))
    assert ">retracted</span>" in text and f'<a href="{V1}">v1</a> <span class="soft small">latest' in text


# Starting one ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(published, people, settings, tmp_path) -> Client:
    """Whoever owns a catalog that is not released yet."""
    settings.ALMAGEST_HOME = tmp_path
    published(owner=people.owner, threshold=0.5)
    User.objects.filter(pk=people.owner.pk).update(first_name="Cecilia", last_name="Payne-Gaposchkin")
    return login(people.owner)


def typed(text: str, name: str) -> str:
    """What stands in a field."""
    return (
        re.search(rf'<input name="{name}" value="([^"]*)"', text)
        or re.search(rf'<textarea name="{name}"[^>]*>([^<]*)<', text)
    )[1]


def ticked(text: str, name: str) -> set[str]:
    return set(re.findall(rf'name="{name}" value="(\w+)" checked', text))


def test_the_form_begins_with_what_is_known(owner):
    text = words(owner.get(NEW))
    assert typed(text, "title") == "Dwarfs" and typed(text, "creators") == "Payne-Gaposchkin, Cecilia"
    assert typed(text, "licence") == "CC-BY-4.0" and ticked(text, "formats") == set(ALL)
    catalog = Catalog.objects.get().editions.get()
    assert f"<b>{catalog.rows}</b> of revision 1: all of them" in text
    assert all(f'value="{name}"' in text for name in catalog.table.names)


def test_the_form_starts_a_release_of_the_rows_in_the_address(owner, people, client):
    address = f"{NEW}?p_s__min=0.7&survey={SCORED}&sort=-g&page=2"
    text = words(owner.get(address))
    left = int(re.search(r"<b>([\d,]+)</b> of revision 1, those with", text)[1].replace(",", ""))
    assert '<dt class="mono">p_s__min</dt><dd class="mono">0.7</dd>' in text and ">-g<" not in text
    assert f'action="{address}"' in text
    answer = owner.post(address, FORM)
    assert (answer.status_code, answer.headers["Location"]) == (302, V1)
    found = work_on(Release.objects.get())
    assert found.filters == {"p_s__min": "0.7", "survey": SCORED} and found.rows == left and found.owner == people.owner
    assert found.formats == ["fits", "parquet", "csv"] and not found.with_weights
    assert set(found.table.names) == {"object_id", "survey", "source_id", "ra", "dec", "healpix", "g", "p_s"}
    told = found.told
    assert (told.title, told.licence, told.doi) == (FORM["title"], "CC0-1.0", FORM["doi"])
    assert [c.name for c in told.creators] == ["Cecilia Payne-Gaposchkin", "Mouseion"]
    assert told.creators[0].orcid == "0000-0002-1825-0097" and told.known_issues == ("Few.", "Small.")
    waiting = words(owner.get(NEW))
    assert f'<a href="{V1}">v1</a> is not published yet' in waiting
    assert "publish or discard it before the next is made" in words(owner.post(NEW, FORM), 400)
    owner.post(f"{V1}publish/")
    again = words(owner.get(NEW))
    assert typed(again, "title") == FORM["title"] and typed(again, "doi") == "", "a DOI is one version's"
    assert typed(again, "creators") == "Payne-Gaposchkin, Cecilia; 0000-0002-1825-0097; Harvard\nMouseion"
    assert ticked(again, "formats") == {"fits", "csv"} | ({"parquet"} & ticked(again, "formats"))


def test_all_columns_are_released_without_a_choice(owner):
    owner.post(NEW, {name: value for name, value in FORM.items() if name != "columns"} | {"with_weights": "on"})
    found = Release.objects.get()
    assert found.table.names == Catalog.objects.get().editions.get().table.names and found.with_weights


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": ""}, None), ({"title": "x" * 201}, "title"), ({"creators": "Payne, C; 0000-0000-0000-0000"}, "is no ORCID"),
        ({"creators": "; Harvard"}, "has no name"), ({"licence": ""}, "licence"), ({"doi": "https://doi.org/10.5281/z"}, "DOI"),
        ({"formats": ["xml"]}, "no format xml"), ({"columns": ["g", "nonsense"]}, "there is no nonsense"),
    ],
)  # fmt: skip
def test_wrong_words_come_back_as_they_were_typed(owner, change, said):
    form = FORM | {"known_issues": f"An issue {HOSTILE}"} | change
    answer = owner.post(NEW, form)
    if said is None:
        assert Release.objects.get().told.title == "Dwarfs", "the catalog's own"
        return
    raw = answer.content.decode()
    assert answer.status_code == 400 and said in html.unescape(re.search(r'role="alert">([^<]*)<', raw)[1])
    assert "An issue &lt;script&gt;" in raw and HOSTILE not in raw
    text = words(answer, 400)
    assert (typed(text, "title"), typed(text, "doi"), typed(text, "licence")) == (
        form["title"],
        form["doi"],
        form["licence"],
    )
    assert typed(raw.replace("\r", ""), "creators").strip() == html.escape(form["creators"].replace("\r", ""))
    assert not Release.objects.exists() and not Run.objects.filter(kind="release").exists()


def test_a_filter_that_is_none_is_answered_in_words(owner):
    assert "p_s__min='much' is not a number" in words(owner.get(f"{NEW}?p_s__min=much"), 400)
    text = words(owner.get(f"{NEW}?cone_ra=1&cone_dec=2&radius_arcsec=3"))
    assert "A release is limited neither to a cone nor by verdicts" in text and '<dt class="mono">' not in text


def test_a_catalog_is_released_by_its_owner_and_the_staff(owner, people):
    assert login(None).get(NEW).headers["Location"].startswith("/login/?next=")
    for method in ("get", "post"):
        text = words(getattr(login(people.reader), method)(NEW, FORM), 403)
        assert "only the owner of dwarfs and the staff may release it" in text
    assert login(people.staff).post(NEW, FORM).headers["Location"] == V1
    assert Release.objects.get().owner == people.staff
    assert owner.get("/catalogs/nothing/release/").status_code == 404


# What owners do ----------------------------------------------------------------------------------------------------------


def test_from_a_draft_to_a_retraction(owner, people, client):
    owner.post(NEW, FORM)
    assert "only a checked release is published" in words(owner.post(f"{V1}publish/"), 400)
    assert "cancel its run first" in words(owner.post(f"{V1}discard/"), 400)
    Run.objects.filter(kind="release").update(state="failed", error="no room")
    assert "Building it failed" in words(owner.get(V1)) and "no room" in words(owner.get(V1))
    before = Release.objects.get().run_id
    assert owner.post(f"{V1}build/").headers["Location"] == V1
    assert Release.objects.get().run_id != before
    work_on(Release.objects.get())
    assert client.get(V1).status_code == 404
    answer = owner.post(f"{V1}publish/", follow=True)
    assert answer.redirect_chain == [(V1, 302)] and "dwarfs v1 is published." in words(answer)
    assert client.get(V1).status_code == 200
    assert "only a draft whose run has failed is built again" in words(owner.post(f"{V1}build/"), 400)
    assert "what was published stays" in words(owner.post(f"{V1}discard/"), 400)
    assert "say why it is retracted" in words(owner.post(f"{V1}retract/", {"reason": " "}), 400)
    assert owner.post(f"{V1}retract/", {"reason": "Wrong."}).headers["Location"] == V1
    assert "Retracted on" in words(client.get(V1))


def test_a_draft_is_discarded(owned, people):
    owner = login(people.owner)
    answer = owner.post(f"{V1}discard/", follow=True)
    assert answer.redirect_chain == [(LIST, 302)] and "dwarfs v1 is gone" in words(answer)
    assert owner.get(V1).status_code == 404 and fetched(owner, f"{V1}files/README.md").status_code == 404


ACTIONS = {"publish": {}, "retract": {"reason": "Wrong."}, "discard": {}, "build": {}, "links": {"hours": "2"}}


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_are_the_owners_and_want_the_token_of_the_page(out, people, action):
    address, form = f"{V1}{action}/", ACTIONS[action]
    before = Release.objects.values().get()
    assert fetched(login(people.owner), address).status_code == 405
    assert login(None).post(address, form).headers["Location"].startswith("/login/?next=")
    assert login(people.reader).post(address, form).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.owner)
    assert strict.post(address, form).status_code == 403
    assert strict.post(NEW, FORM).status_code == 403
    Release.objects.update(visibility="private")
    assert login(people.reader).post(address, form).status_code == 404
    assert Release.objects.values().get() == before | {"visibility": "private"}


# Files -------------------------------------------------------------------------------------------------------------------


def test_a_file_is_what_the_manifest_says(client, out):
    for entry in out.entries:
        answer = client.get(f"{V1}files/{entry.path}")
        assert answer.status_code == 200 and answer.headers["ETag"] == f'"{entry.sha256}"', entry.path
        assert len(answer.getvalue()) == entry.bytes and answer.headers["Content-Type"] == entry.media_type
        assert answer.headers["Cache-Control"].startswith("public")
    for path in ("nothing.fits", "../../secret_key", "hats/", "hats"):
        assert fetched(client, f"{V1}files/{path}").status_code == 404, path
    assert client.post(f"{V1}files/README.md").status_code == 405


def test_no_cache_keeps_what_not_everybody_may_see(out, people):
    address = f"{V1}files/README.md"
    Release.objects.update(visibility="private")
    assert fetched(login(None), address).status_code == 404
    assert fetched(login(people.owner), address).headers["Cache-Control"].startswith("private")
    Release.objects.update(visibility="public", state=State.CHECKED)
    assert fetched(login(people.owner), address).headers["Cache-Control"].startswith("private")
    Release.objects.update(state=State.RETRACTED)
    assert fetched(login(None), address).headers["Cache-Control"].startswith("public")
    ModelVersion.objects.update(visibility="private")
    assert fetched(login(None), address).status_code == 404


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ""), ("?a=1&b=%2F", "?a=1&b=%2F"), ("files/README.md?x=%C3%A4", "files/README.md?x=%C3%A4"),
        ("files/dwarfs-latest.fits", "files/dwarfs-v1.fits"), ("files/a%3Fb/Npix=6.c", "files/a%3Fb/Npix=6.c"),
    ],
)  # fmt: skip
def test_latest_leads_to_the_newest_that_is_published(out, people, asked, found):
    another(another(out), state=State.CHECKED)
    for client in (login(None), login(people.owner)):
        answer = client.get(f"{LIST}dwarfs/latest/{asked}")
        assert (answer.status_code, answer.headers["Location"]) == (302, V2 + found)
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert client.get(f"{LIST}nothing/latest/{asked}").status_code == 404


def test_a_file_of_the_latest_release_comes_by_one_address(client, out):
    answer = client.get(f"{LIST}dwarfs/latest/files/dwarfs-latest.csv", follow=True)
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].endswith('"dwarfs-v1.csv"')


def test_downloads_are_counted_once_each(client, out, people):
    entry = next(entry for entry in out.entries if entry.path.endswith(".fits") and entry.path.startswith("dwarfs"))
    address = f"{V1}files/{entry.path}"

    def counted(times: int) -> None:
        assert download_totals(out).get(entry.path, 0) == times

    client.head(address)
    client.get(address, headers={"If-None-Match": f'"{entry.sha256}"'})
    fetched(client, address, headers={"Range": "bytes=100-"})
    client.get(address, headers={"Range": f"bytes={entry.bytes}-"})
    fetched(client, address, headers={"If-Match": '"other"'})
    fetched(client, f"{V1}files/nothing")
    counted(0)
    fetched(client, address)
    fetched(client, address, headers={"Range": "bytes=0-99"})
    client.get(f"{LIST}dwarfs/latest/files/{entry.path}", follow=True)
    counted(3)
    for part in (e.path for e in out.entries if e.path.startswith("hats/")):
        fetched(client, f"{V1}files/{part}")
    assert download_totals(out) == {entry.path: 3, "hats": 1}, "whoever opens a HATS catalog reads all its parts"
    text = words(client.get(V1))
    assert "<b>4</b><span>downloads</span>" in text
    count_download(release=out, path="README.md")
    assert "<b>5</b><span>downloads</span>" in words(client.get(V1))


def test_a_file_that_is_lost_is_not_counted(client, out):
    Release.objects.update(folder="releases/nowhere")
    assert "is not in the file store any more" in words(fetched(client, f"{V1}files/README.md"), 404)
    assert not DownloadCount.objects.exists()


# Signed links ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def linked(owned, people) -> SimpleNamespace:
    """A checked release, which only its owner sees, and the link that he was shown: its address and its text."""
    text = words(login(people.owner).post(f"{V1}links/", {"hours": "48"}))
    address = re.search(r'aria-label="The link">([^<]+)<', text)[1]
    return SimpleNamespace(release=owned, address=address, path=address.removeprefix("http://testserver"))


def test_a_link_opens_the_page_and_its_files(linked, people, client):
    for who in (client, login(people.reader)):
        answer = who.get(linked.path)
        text = words(answer)
        query = linked.path.partition("?")[2]
        files = re.findall(rf'href="({V1}files/[^"]+)"', text)
        assert len(files) > 10 and all(file.endswith(query) for file in files)
        opened = fetched(who, files[0])
        assert opened.status_code == 200
        for response in (answer, opened):
            assert response.headers["Cache-Control"].startswith("private")
        # With `no-referrer` a browser would not say where a form stands that it sends, and nobody could log out.
        assert answer.headers["Referrer-Policy"] == ("no-referrer" if who is client else "same-origin")
        for command in ("Command for one file", "Commands for all files"):
            assert query in pre(text, command)
        assert "lsdb" not in text and "read_parquet" in pre(text, "Python") and "latest/files" not in text
        assert "For its owner" not in text and "/catalogs/dwarfs/" not in text
        assert SCORED in text or "SDSS" in text, "its surveys and how to cite them"
    assert f"link={query.removeprefix('link=')}" in query


def test_a_link_is_shown_once_to_its_maker(owned, people):
    owner = login(people.owner)
    made = owner.post(f"{V1}links/", {"hours": "48"})
    assert "A link for 48 hours" in words(made) and "no-store" in made.headers["Cache-Control"]
    assert "link=" not in words(owner.get(V1))
    for hours in ("0", "2161", "soon", "", "9" * 5000, "²"):
        text = words(owner.post(f"{V1}links/", {"hours": hours}), 400)
        assert "hours = " in text


def assert_gone(linked, said: str, path: str = "") -> None:
    """Nobody opens the page or a file by the link, and is told why."""
    page, _, query = (path or linked.path).partition("?")
    for address in (f"{page}?{query}", f"{page}files/README.md?{query}"):
        assert said in words(login(None).get(address), 404), address


def test_a_link_ends(linked, monkeypatch):
    now = timezone.now()
    for hours, is_over in ((47, False), (49, True)):
        monkeypatch.setattr(timezone, "now", lambda hours=hours: now + timedelta(hours=hours))
        if is_over:
            assert_gone(linked, "this link has ended")
        else:
            assert login(None).get(linked.path).status_code == 200


@pytest.mark.parametrize("change", [lambda path: path[:-1] + "A" if path[-1] != "A" else path[:-1] + "B", lambda path: path[:-3],
                                    lambda path: path.replace("link=", "link=x"), lambda path: path.partition("=")[0] + "=x"])  # fmt: skip
def test_a_link_that_was_changed_opens_nothing(linked, change):
    assert_gone(linked, "this link is not whole", change(linked.path))


def test_a_link_opens_no_other_release(linked, people):
    another(linked.release)
    text = link_sign(user=people.owner, release=linked.release, hours=2)
    assert_gone(linked, "this link is another release's", f"{V2}{words_of.link_query(text)}")
    assert login(None).get(f"/releases/nothing/v1/{words_of.link_query(text)}").status_code == 404


def test_a_link_holds_as_long_as_its_maker_sees_the_release(linked, people):
    Release.objects.update(visibility="private")
    assert login(None).get(linked.path).status_code == 200, "it is still the owner's"
    Release.objects.update(owner=people.other)
    assert_gone(linked, "opens nothing any more")
    Release.objects.update(owner=people.owner)
    User.objects.filter(pk=people.owner.pk).update(is_active=False)
    assert_gone(linked, "opens nothing any more")
    User.objects.filter(pk=people.owner.pk).update(is_active=True)
    Release.objects.update(state=State.DISCARDED)
    assert_gone(linked, "opens nothing any more")


def test_what_a_link_opens_is_kept_by_no_cache_when_it_is_public_too(linked, client):
    release_publish(user=None, release=linked.release)
    query = linked.path.partition("?")[2]
    answer = fetched(client, f"{V1}files/README.md?{query}")
    assert answer.headers["Cache-Control"].startswith("private") and answer.headers["Referrer-Policy"] == "no-referrer"
    assert fetched(client, f"{V1}files/README.md").headers["Cache-Control"].startswith("public")
    page = client.get(f"{V1}?{query}")
    assert page.headers["Cache-Control"].startswith("private") and "link=" not in re.sub('next=[^"]+', "", words(page))
    assert client.get(f"{V1}?link=old").status_code == 200, "who sees it anyway needs no link"
    Release.objects.update(visibility="private")
    assert client.get(V1).status_code == 404 and client.get(linked.path).status_code == 200, (
        "private again: the link holds"
    )


def test_links_are_offered_only_where_they_are_of_use(out, people):
    owner = login(people.owner)
    assert f'action="{V1}links/"' not in words(owner.get(V1))
    answer = owner.post(f"/visibility/release/{out.pk}/", {"visibility": "private"})
    assert answer.headers["Location"] == V1
    assert f'action="{V1}links/"' in words(owner.get(V1)) and login(None).get(V1).status_code == 404
