"""Figures on the pages: their numbers come by addresses of their own, nothing written into them can run, pages stay light."""

import html
import re
from dataclasses import asdict, replace

import pytest

from almagest.catalogs.models import Edition
from almagest.contract import Importance, Scatter, View
from almagest.predictions.figures import scoring_figures
from almagest.registry.models import ModelVersion
from almagest.sky.models import Survey
from almagest.web.charts.figures import class_counts, colours, importances, plots

pytestmark = pytest.mark.django_db
PAGE = "/models/dwarf_galaxies/forest/1/"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
SURVEY = "sdss-dr14-simulated"


def scatter(title: str = "Training objects", source_id: str = "300-51602-1", survey: str = SURVEY) -> Scatter:
    return Scatter(
        title, "Two objects.", {"g_r": (0.5, None), "g": (17.0, 18.0)}, ("S", "HM"), ("S", "HM"),
        (View("g_r", "g", "g - r [mag]", "g [mag]", is_reversed=True),), (survey, survey), (source_id, "b"),
    )  # fmt: skip


def importance(title: str = "Importance") -> Importance:
    return Importance(title, "How it was measured.", ("g", "r"), (0.3, -0.01), (0.02, 0.01), (100.0, 0.0))


@pytest.fixture
def figured(published):
    """A function that gives the published version figures: those of its scoring, and these of its training."""
    scores = published().prediction_set
    scores.figures = scoring_figures(scores)
    scores.save()

    def give(*training):
        scores.version.figures = [asdict(figure) for figure in training]
        scores.version.save()
        return scores

    return give


def sources(text: str) -> dict[str, str]:
    """Where the page says that its figures' numbers are, by the figure's id."""
    return dict(re.findall(r'data-figure="([\w-]+)" data-source="([^"]+)"', text))


def page_data(client, page: str) -> dict[str, dict]:
    """The numbers that a script finds for the figures of a page, by the figure's id."""
    found = sources(client.get(page).content.decode())
    answers = {name: client.get(page + html.unescape(address)) for name, address in found.items()}
    assert {answer.status_code for answer in answers.values()} <= {200}
    return {name: answer.json() for name, answer in answers.items()}


def test_the_numbers_of_all_figures_come_by_their_addresses(client, figured):
    scores = figured(scatter(), importance())
    text = client.get(PAGE).content.decode()
    assert "application/json" not in text
    for heading in ("What the model looks at", "Objects by class", "Scores of the sky", "Provenance"):
        assert f">{heading}</h2>" in text
    data = page_data(client, PAGE)
    stored = {figure["kind"]: figure for figure in scores.figures}
    assert set(data) == {"scatter-0", "sky-1", "histogram-0"}
    assert data["scatter-0"]["columns"] == {"g_r": [0.5, None], "g": [17.0, 18.0]}
    assert data["scatter-0"]["address"] == data["sky-1"]["address"] == "/objects/survey/source_id/"
    assert data["sky-1"]["source_id"] == list(stored["sky"]["source_id"])
    assert data["histogram-0"]["series"] == {SURVEY: list(stored["histogram"]["series"][SURVEY])}
    assert re.search(r'<meta name="plotly" content="[^"]*plotly\.min[.\w]*\.js">', text) and "almagest/figures" in text


def test_without_a_script_the_tables_tell_the_same(client, figured):
    scores = figured(scatter(), importance())
    text = client.get(PAGE).content.decode()
    sky, counts = scores.figures[1], scores.figures[2]
    best = f'<a href="/objects/{SURVEY}/{sky["source_id"][0]}/">{sky["source_id"][0]}</a>'
    assert best in text and text.count(f'<a href="/objects/{SURVEY}/') == 20
    assert f"{sky['above'][1]} at 0.9 and more" in html.unescape(text)
    assert "0.300 ± 0.020" in text and "100.0 %" in text
    for name, count in zip(counts["names"], counts["counts"], strict=True):
        assert re.search(rf'scope="row">{name}</th><td class="n">{count:,}</td>', text), name
    assert "0.95 to 1.00" in text and "<noscript>" in text


def test_nothing_in_a_figure_can_run(client, figured):
    scores = figured(scatter(HOSTILE, HOSTILE), importance(HOSTILE))
    scores.figures[1] |= {"title": HOSTILE, "source_id": [HOSTILE, *scores.figures[1]["source_id"][1:]]}
    scores.figures[1]["landmarks"] = [{"name": HOSTILE, "ra": 1, "dec": 2, "radius_deg": 3, "note": HOSTILE}]
    scores.save()
    text = client.get(PAGE).content.decode()
    assert "<img src=x" not in text and "<script>" not in text
    data = page_data(client, PAGE)
    assert data["scatter-0"]["source_id"][0] == data["sky-1"]["source_id"][0] == HOSTILE
    assert data["scatter-0"]["title"] == data["sky-1"]["landmarks"][0]["name"] == HOSTILE
    assert text.count(html.escape(HOSTILE)) >= 5
    answer = client.get(f"{PAGE}figures/sky-1.json")
    assert (answer.headers["Content-Type"], answer.headers["X-Content-Type-Options"]) == ("application/json", "nosniff")


def test_pages_without_such_figures_do_not_load_the_library(client, published):
    Edition.objects.filter(pk=published().pk).update(figures=[])
    for address in ("/", "/catalogs/dwarfs/", "/plugins/dwarf_galaxies/", "/samples/tiny/", PAGE):
        text = client.get(address).content.decode()
        assert "plotly" not in text and "almagest/figures" not in text, address
        assert "Scores of the sky" not in text


def test_the_page_stays_small_whatever_its_figures_hold(client, figured):
    figured()
    before, many = len(client.get(PAGE).content), 50_000
    points = {"g_r": (0.123456,) * many, "g": (17.123456,) * many}
    figured(replace(scatter(), columns=points, label=("S",) * many, survey=(SURVEY,) * many, source_id=("1",) * many))
    assert before < len(client.get(PAGE).content) < before + 5000
    assert len(client.get(f"{PAGE}figures/scatter-0.json").content) > 1_000_000


def test_what_a_figure_shows_is_called_simulated_where_it_is(client, figured):
    figured(scatter(), scatter(survey="sdss-dr14"), scatter("Both"))
    Survey.objects.create(slug="sdss-dr14", observed=True)
    version = ModelVersion.objects.get(method__name="forest")
    version.figures[2]["survey"][0] = "sdss-dr14"
    version.save()
    version.sample.definition["surveys"].append("sdss-dr14")
    version.sample.save()
    text, tag = client.get(PAGE).content.decode(), '<span class="tag simulated">'
    called = dict(re.findall(r'id="([\w-]+)-title">[^<]*(?:<span class="tag simulated">([^<]*)</span>)?</h3>', text))
    assert called == {
        "scatter-0": "simulated", "scatter-1": "", "scatter-2": "partly simulated", "sky-1": "simulated", "histogram-0": "simulated",
    }  # fmt: skip
    assert f"by predicted class {tag}simulated</span></h3>" in text
    assert {name: data["simulated"] for name, data in page_data(client, PAGE).items()} == called


def test_a_figure_keeps_its_name_whoever_sees_which_others(client, figured):
    figured(scatter(survey="sdss-dr14"), scatter("Seen"))
    Survey.objects.create(slug="sdss-dr14", observed=True, visibility="private")
    data = page_data(client, PAGE)
    assert data["scatter-1"]["title"] == "Seen" and "scatter-0" not in data
    assert client.get(f"{PAGE}figures/scatter-0.json").status_code == 404


def test_figures_go_with_the_surveys_that_are_in_them(client, figured):
    figured(scatter(), importance())
    assert set(page_data(client, PAGE)) == {"scatter-0", "sky-1", "histogram-0"}
    Survey.objects.filter(slug=SURVEY).update(visibility="private")
    response = client.get(PAGE)
    assert response.status_code == 200
    assert page_data(client, PAGE) == {}
    assert "300-51602-1" not in response.content.decode()
    for name in ("scatter-0", "sky-1", "histogram-0"):
        assert client.get(f"{PAGE}figures/{name}.json").status_code == 404


def test_the_catalog_links_to_the_figures(client, figured):
    figured()
    assert f'href="{PAGE}#sky"' in client.get("/catalogs/dwarfs/").content.decode()
    assert 'id="sky"' in client.get(PAGE).content.decode()


def test_a_class_has_one_colour_everywhere():
    classes = ["S", "NM", "HM"]
    assert colours(["HM", "S"], classes) == [2, 0]
    assert colours(["found", "missed"], classes) == [0, 1]
    counts = {"kind": "counts", "title": "", "names": ["S", "HM"], "counts": [1, 3]}
    assert [row["colour"] for row in class_counts([counts], classes)[0]["rows"]] == [0, 2]
    assert plots([asdict(scatter())], ("scatter",), classes, "")[0]["data"]["colours"] == [0, 2]


def test_bars_are_shares_of_the_largest_and_never_negative():
    features, drops = tuple(f"f{k}" for k in range(25)), (0.2, 0.1, -0.1, *[0.0] * 22)
    stored = asdict(Importance("", "", features, drops, (0,) * 25, (80.0, 40.0, -5.0, *[0.0] * 22)))
    chart = importances([stored])[0]
    assert [row["width"] for row in chart["first"]][:4] == [100, 50, 0, 0]
    assert [row["feature"] for row in chart["rest"]] == ["f20", "f21", "f22", "f23", "f24"]
    empty = class_counts([{"kind": "counts", "title": "", "names": ["S"], "counts": [0]}], ["S"])[0]
    assert (empty["rows"][0]["width"], empty["rows"][0]["share"]) == (0, "0.0 %")


def test_histogram_series_stand_in_the_order_of_the_map_whatever_the_database_made_of_them():
    series = {"zz": [1], "a-long-name": [2]}
    stored = {"kind": "histogram", "title": "", "x_label": "p", "y_label": "n", "edges": [0, 1], "series": series}
    plot = plots([stored], ("histogram",), [], "")[0]
    assert list(plot["data"]["series"]) == ["a-long-name", "zz"]
    assert plot["head"] == ["p", "a-long-name", "zz"] and plot["rows"] == [["0.00 to 1.00", "2", "1"]]
