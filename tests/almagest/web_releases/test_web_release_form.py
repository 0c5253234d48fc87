"""The form that starts a data release."""

import html
import re

import pytest

from almagest.catalogs.models import Catalog
from almagest.releases.content import ALL
from almagest.releases.models import Release
from almagest.runs.models import Run
from tests.almagest.given.asking import login, markup
from tests.almagest.given.releases import work_on

from .pages import FORM, HOSTILE, NEW, SCORED, V1, ticked, typed

pytestmark = pytest.mark.django_db


def test_the_form_begins_with_what_is_known(owner):
    text = markup(owner.get(NEW))
    assert typed(text, "title") == "Dwarfs" and typed(text, "creators") == "Payne-Gaposchkin, Cecilia"
    assert typed(text, "licence") == "CC-BY-4.0" and ticked(text, "formats") == set(ALL)
    catalog = Catalog.objects.get().editions.get()
    assert f"<b>{catalog.rows}</b> of revision 1: all of them" in text
    assert all(f'value="{name}"' in text for name in catalog.table.names)


def test_the_form_starts_a_release_of_the_rows_in_the_address(owner, people, client):
    address = f"{NEW}?p_s__min=0.7&survey={SCORED}&sort=-g&page=2"
    text = markup(owner.get(address))
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
    waiting = markup(owner.get(NEW))
    assert f'<a href="{V1}">v1</a> is not published yet' in waiting
    assert "publish or discard it before the next is made" in markup(owner.post(NEW, FORM), 400)
    owner.post(f"{V1}publish/")
    again = markup(owner.get(NEW))
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
    text = markup(answer, 400)
    assert (typed(text, "title"), typed(text, "doi"), typed(text, "licence")) == (
        form["title"],
        form["doi"],
        form["licence"],
    )
    assert typed(raw.replace("\r", ""), "creators").strip() == html.escape(form["creators"].replace("\r", ""))
    assert not Release.objects.exists() and not Run.objects.filter(kind="release").exists()


def test_a_filter_that_is_none_is_answered_in_words(owner):
    assert "p_s__min='much' is not a number" in markup(owner.get(f"{NEW}?p_s__min=much"), 400)
    text = markup(owner.get(f"{NEW}?cone_ra=1&cone_dec=2&radius_arcsec=3"))
    assert "A release is limited neither to a cone nor by verdicts" in text and '<dt class="mono">' not in text


def test_a_catalog_is_released_by_its_owner_and_the_staff(owner, people):
    assert login(None).get(NEW).headers["Location"].startswith("/login/?next=")
    for method in ("get", "post"):
        text = markup(getattr(login(people.reader), method)(NEW, FORM), 403)
        assert "only the owner of dwarfs and the staff may release it" in text
    assert login(people.staff).post(NEW, FORM).headers["Location"] == V1
    assert Release.objects.get().owner == people.staff
    assert owner.get("/catalogs/nothing/release/").status_code == 404
