"""What a model's page draws of its training: lines, outlines, and the numbers of the method's own."""

import re

import pytest

from almagest.web.charts.curves import SMALL, charts

PAGE = "/models/dwarf_galaxies/forest/1/"


def _points(path: str) -> list[tuple[float, float]]:
    return [tuple(map(float, point.split())) for point in re.findall(r"[\d.]+ [\d.]+", path)]


def _drawn(kind: str, **given) -> dict:
    return charts([{"kind": kind, "title": "t", "x_label": "x", "y_label": "y"} | given])[0]


def test_a_line_is_broken_where_it_has_no_value():
    chart = _drawn("curves", x=[1, 2, 3, 4, 5], series={"loss": [None, 4.0, None, 2.0, 1.0], "none": [None] * 5})
    loss, none = chart["lines"]
    assert loss["path"].count("M") == 2 and len(_points(loss["path"])) == 3
    assert (loss["number"], none["number"], none["path"]) == ("1", "", "")
    assert chart["summary"] == "loss ends at 1"


def test_an_outline_is_as_high_and_as_wide_as_its_bins():
    chart = _drawn("histogram", edges=[0, 1, 4], series={"seen": [2, 8], "drawn": [5, 5]})
    seen = _points(chart["lines"][0]["path"])
    assert [x for x, _ in seen] == [SMALL.x(share) for share in (0, 0, 0.25, 0.25, 1, 1)]
    assert [y for _, y in seen] == [SMALL.y(share) for share in (0, 0.25, 0.25, 1, 1, 0)]
    assert chart["summary"] == "seen: 10; drawn: 10"


def test_other_figures_are_not_drawn_as_lines():
    assert charts([{"kind": "importance", "title": "t"}]) == []


@pytest.mark.django_db
def test_the_page_shows_what_a_method_measures_beside_classes(client, version):
    text = client.get(PAGE).content.decode()
    assert 'fidelity_test</dt><dd class="mono">0.4815</dd>' in text
    own = text[text.index("Measures of its own") : text.index("Learning curve")]
    assert own.count("<dt>") == 1, "precision and its like stand in the table"
    assert (
        "Latent 1: drawn: 4; validation: 4" in text and "training <b>0.25</b>" in text and "later <b>0.75</b>" in text
    )


@pytest.mark.django_db
def test_a_page_without_such_numbers_has_no_place_for_them(client, version):
    version.metrics = [metric for metric in version.metrics if metric["name"] != "fidelity_test"]
    version.save()
    assert "Measures of its own" not in client.get(PAGE).content.decode()
