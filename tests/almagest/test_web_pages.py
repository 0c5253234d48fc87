"""Pages: what they show, whom they show it to, and what they say to bad input."""

import csv
import io
import re

import pytest
from django.urls import reverse

from almagest.accounts.models import User
from almagest.runs.models import Run
from almagest.runs.services import ChunkSpec, run_start
from almagest.sky.models import Survey

pytestmark = pytest.mark.django_db
# A page's queries do not grow with its rows.
MOST_QUERIES = 22


@pytest.fixture
def owner():
    return User.objects.create_user("vera", password="rubin-1928")


@pytest.fixture
def staff():
    return User.objects.create_user("cecilia", password="payne-1900", is_staff=True)


@pytest.fixture
def addresses(published) -> list[str]:
    """One page of each kind, with something on it."""
    edition = published()
    run = edition.run.pk
    return [
        "/", "/search/", "/search/?q=187.7+12.4&radius_arcsec=36000", "/about/", "/catalogs/", "/catalogs/dwarfs/",
        "/catalogs/dwarfs/?p_s__min=0.9&sort=g&size=25", "/surveys/", "/surveys/sdss-dr14-simulated/", object_address(),
        "/runs/", f"/runs/{run}/", "/samples/tiny/", "/plugins/", "/plugins/dwarf_galaxies/",
        "/models/dwarf_galaxies/forest/1/", "/login/",
    ]  # fmt: skip


def object_address() -> str:
    return reverse("object", args=["sdss-dr14-simulated", "300-51602-1"])


def test_every_page_answers_with_few_queries_and_is_whole(client, addresses, django_assert_max_num_queries):
    for address in addresses:
        with django_assert_max_num_queries(MOST_QUERIES):
            response = client.get(address)
        text = response.content.decode()
        assert response.status_code == 200, address
        assert "</html>" in text
        assert "Simulated data." in text, "the banner stands on every page"
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        assert not re.search(r'(src|href)="(https?:)?//(?!www\.|ned\.|datacentral)', text.replace("noopener", "")), (
            address
        )
        assert "{{" not in text and "{%" not in text


def test_pages_link_only_to_pages_that_are_there(client, addresses):
    seen = set()
    for address in addresses:
        text = client.get(address).content.decode()
        seen |= {
            link.replace("&amp;", "&")
            for link in re.findall(r'href="(/[^"#]*)"', text)
            if not link.startswith("/static/")
        }
    broken = {link for link in seen if client.get(link).status_code not in (200, 302)}
    assert len(seen) > 30
    assert broken == set()


def test_the_catalog_page_tells_its_story(client, published):
    edition = published()
    text = client.get("/catalogs/dwarfs/").content.decode()
    assert f"{edition.rows} candidates with p_s ≥ 0.5" in text
    assert "<svg" in text and "objects: " not in text
    assert "dwarf_galaxies/forest v1" in text
    assert re.search(r"≥ 0.95 <b>\d+</b>", text)


def test_htmx_gets_the_table_alone(client, published):
    published()
    response = client.get("/catalogs/dwarfs/", headers={"HX-Request": "true", "HX-Target": "rows"})
    text = response.content.decode()
    assert text.lstrip().startswith('<div id="rows"')
    assert "<html" not in text


def test_following_next_visits_every_candidate_once(client, published):
    edition = published(threshold=0.0)
    address, names = "/catalogs/dwarfs/?size=25&sort=-g", []
    while address:
        text = client.get(address).content.decode()
        names += re.findall(r'<td><a href="/objects/sdss-dr14-simulated/([^/]+)/">', text)
        found = re.search(r'rel="next" href="([^"]+)"', text)
        address = found and found[1].replace("&amp;", "&")
    assert len(names) == len(set(names)) == edition.rows


def test_csv_holds_what_the_pages_hold(client, published):
    edition = published(threshold=0.0)
    response = client.get("/catalogs/dwarfs/?format=csv&p_s__min=0.3")
    assert response.headers["Content-Disposition"] == 'attachment; filename="dwarfs-r1.csv"'
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
    assert list(rows[0]) == [column.name for column in edition.table.columns if column.level < 3]
    assert {"survey", "source_id", "sample_split"} <= set(rows[0])
    shown = re.search(r"<b>([\d,]+)</b> row", client.get("/catalogs/dwarfs/?p_s__min=0.3").content.decode())[1]
    assert len(rows) == int(shown)
    assert all(float(row["p_s"]) >= 0.3 for row in rows)
    complete = client.get("/catalogs/dwarfs/?format=csv&columns=all").getvalue().decode()
    assert next(csv.reader(io.StringIO(complete))) == edition.table.names


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/catalogs/nothing/", 404, "there is no published catalog"), ("/surveys/nothing/", 404, "there is no survey"),
        ("/objects/sdss-dr14-simulated/nothing/", 404, "has no source"), ("/runs/999999/", 404, "there is no run 999999"),
        ("/models/dwarf_galaxies/forest/99/", 404, "has no version 99"), ("/plugins/nothing/", 404, "there is no plugin"),
        ("/samples/nothing/", 404, "there is no sample"), ("/nothing", 404, "nothing at this address"),
        ("/catalogs/dwarfs/?sort=secret", 400, "cannot sort by"), ("/catalogs/dwarfs/?g__min=bright", 400, "is not a number"),
        ("/catalogs/dwarfs/?cursor=zzz", 400, "damaged"), ("/catalogs/dwarfs/?cone_ra=1&cone_dec=99&radius_arcsec=1", 400, "dec"),
        ("/search/?q=somewhere", 400, "neither an object nor a position"), ("/search/?q=10+95", 400, "neither"),
        ("/search/?q=10+10&radius_arcsec=-1", 400, "is not between"),
    ],
)  # fmt: skip
def test_bad_addresses_are_answered_in_words(client, published, address, status, words):
    published()
    response = client.get(address)
    text = response.content.decode()
    assert response.status_code == status
    assert words in text.replace("&#x27;", "'")
    assert "Traceback" not in text


def test_private_things_are_seen_by_their_owner_and_the_staff_alone(client, published, owner, staff):
    edition = published(owner=owner)
    survey = Survey.objects.get(slug="sdss-dr14-simulated")
    for thing in (edition.catalog, edition.version, edition.version.sample, survey, edition.run):
        thing.owner, thing.visibility = owner, "private"
        thing.save()
    addresses = ["/catalogs/dwarfs/", "/models/dwarf_galaxies/forest/1/", "/samples/tiny/", "/surveys/sdss-dr14-simulated/",
                 object_address(), f"/runs/{edition.run.pk}/"]  # fmt: skip
    for address in addresses:
        assert client.get(address).status_code == 404, address
    assert "dwarfs" not in client.get("/").content.decode()
    assert client.get("/search/?q=sdss-dr14-simulated/300-51602-1").status_code == 400, (
        "no redirect tells that it is there"
    )
    for person in (owner, staff):
        client.force_login(person)
        for address in addresses:
            assert client.get(address).status_code == 200, (person, address)


def test_objects_are_found_by_name_number_and_position(client, published):
    published()
    response = client.get("/search/", {"q": "sdss-dr14-simulated/300-51602-1"})
    assert response.headers["Location"] == object_address()
    page = client.get(object_address())
    number, ra, dec = (getattr(page.context["object"], name) for name in ("id", "ra", "dec"))
    assert client.get("/search/", {"q": str(number)}).headers["Location"] == object_address()
    assert "300-51602-1" in client.get("/search/", {"q": f"{ra} {dec}", "radius_arcsec": "1"}).content.decode()
    assert "probability" in page.content.decode().lower()


def test_only_owner_and_staff_cancel_a_run(client, owner, staff):
    run = run_start(kind="train", title="A long one", chunks=[ChunkSpec("keras")], owner=owner)
    address = f"/runs/{run.pk}/cancel/"
    assert client.get(address).status_code == 405
    assert client.post(address).headers["Location"].startswith("/login/")
    client.force_login(User.objects.create_user("stranger"))
    assert "Cancel</button>" not in client.get(f"/runs/{run.pk}/").content.decode()
    assert client.post(address).status_code == 403
    client.force_login(owner)
    text = client.get(f"/runs/{run.pk}/").content.decode()
    assert "Cancel</button>" in text and 'hx-trigger="every 1s"' in text
    assert client.post(address).status_code == 302
    run.refresh_from_db()
    assert run.state == Run.State.CANCELLED
    assert "hx-trigger" not in client.get(f"/runs/{run.pk}/").content.decode()
    assert client.post(address).status_code == 400


def test_the_model_page_has_the_surveys_apart_and_percentages_by_column(client, version):
    text = client.get("/models/dwarf_galaxies/forest/1/").content.decode()
    assert text.index("sdss-dr14-simulated") < text.index("pooled")
    assert "0.667" in text  # precision 2/3
    assert "90.9 %" in text  # 20 of the 22 that were called S
    assert "94.4 %" in text  # 17 of the 18 that were called NM
    assert "a" * 64 in text


def test_the_model_page_shows_what_a_search_tried(client, version):
    page = version_page(client)
    assert "Search among parameters" not in page
    tried = [{"parameters": {"trees": n, "seed": 1}, "score": 0.7 - n / 1000, "std": 0.0125} for n in (10, 30)]
    version.details = {"search": {"tried": tried, "folds": 5, "objective": "f1 of <b>it</b>"}}
    version.save()
    page = version_page(client)
    assert "2 sets tried, each over 5 folds" in page and "f1 of &lt;b&gt;it&lt;/b&gt;" in page
    assert page.index("0.690") < page.index("0.670") and "± 0.013" in page
    assert '<th class="n mono">trees</th></tr>' in page


def version_page(client) -> str:
    return client.get("/models/dwarf_galaxies/forest/1/").content.decode()


def test_a_readme_cannot_run_anything(client, version):
    plugin = version.method.plugin
    plugin.readme = (
        "# Title\n\n<script>alert(1)</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[x](javascript:alert(1))"
    )
    plugin.save()
    text = client.get("/plugins/dwarf_galaxies/").content.decode().split('class="prose"')[1].split("</article>")[0]
    assert "<table>" in text and "<h2>Title</h2>" in text
    assert "<script" not in text
    assert 'href="javascript' not in text


def test_login_and_logout(client, owner):
    response = client.post("/login/", {"username": "vera", "password": "rubin-1928", "next": "/runs/"})
    assert response.headers["Location"] == "/runs/"
    assert "vera" in client.get("/").content.decode()
    assert client.post("/logout/").status_code == 302
    assert (
        "Please enter a correct" in client.post("/login/", {"username": "vera", "password": "wrong"}).content.decode()
    )
