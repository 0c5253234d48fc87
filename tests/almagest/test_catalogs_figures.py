"""Figures of a catalog: the same numbers as numpy makes of its rows, for those alone who see the catalog."""

import html
import re

import healpy
import numpy as np
import pytest
from django.db import connection

from almagest.accounts.models import User
from almagest.catalogs.figures import catalog_figures
from almagest.catalogs.models import Catalog, Edition
from almagest.catalogs.selectors import catalog_get
from almagest.core.tables import quote
from almagest.predictions import sky_maps
from almagest.sky.models import Survey

pytestmark = pytest.mark.django_db
PAGE = "/catalogs/dwarfs/"
SKY = f"{PAGE}figures/sky-0.json"
SURVEY = "sdss-dr14-simulated"
MOST_BYTES = 50_000


def rows_of(edition: Edition) -> dict[str, np.ndarray]:
    """The catalog's rows as arrays, best first."""
    names = ("object_id", "source_id", "survey", "ra", "dec", "p_s")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(names)} FROM {quote(edition.table_name)} ORDER BY p_s DESC, object_id DESC")
        return dict(zip(names, map(np.array, zip(*cursor.fetchall(), strict=True)), strict=True))


def cell_counts(rows: dict[str, np.ndarray], order: int, least: float = 0) -> dict[int, int]:
    """How many of the rows are in each HEALPix cell, counted by another library than the database."""
    high = rows["p_s"].astype(np.float32) >= np.float32(least)
    found = healpy.ang2pix(2**order, rows["ra"][high], rows["dec"][high], nest=True, lonlat=True)
    return dict(zip(*map(np.ndarray.tolist, np.unique(found, return_counts=True)), strict=True))


def numbers(figure: dict, part: str) -> list[int]:
    """HEALPix numbers of a figure's cells, from their centres."""
    cells = figure[part]
    return healpy.ang2pix(2 ** cells["order"], cells["ra"], cells["dec"], nest=True, lonlat=True).tolist()


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.93])
def test_the_map_holds_all_candidates_and_no_other_object(published, threshold):
    edition = published(threshold=threshold)
    (figure,), rows = edition.figures, rows_of(edition)
    assert figure["kind"] == "sky" and figure["thresholds"][0] == threshold
    assert figure["thresholds"][1:] == [t for t in (0.5, 0.9, 0.95, 0.99) if t > threshold]
    p = rows["p_s"].astype(np.float32)
    assert figure["above"] == [(p >= np.float32(t)).sum() for t in figure["thresholds"]]
    assert figure["total"] == edition.rows == len(p) > 2 and figure["cells"] is None
    assert figure["source_id"] == rows["source_id"].tolist() and figure["score"] == rows["p_s"].tolist()
    assert [figure["surveys"][i] for i in figure["survey"]] == rows["survey"].tolist()
    for name in ("ra", "dec"):
        assert np.abs(np.array(figure[name]) - rows[name]).max() < 1e-5


def test_many_candidates_are_counted_in_cells(published, monkeypatch):
    monkeypatch.setattr(sky_maps, "MOST_POINTS", 10)
    edition = published(threshold=0.2)
    (figure,), rows = edition.figures, rows_of(edition)
    assert figure["source_id"] == rows["source_id"][:10].tolist() and figure["total"] == edition.rows > 10
    counted = dict(zip(numbers(figure, "cells"), figure["cells"]["count"], strict=True))
    assert counted == cell_counts(rows, figure["cells"]["order"]) and len(counted) > 5


def test_the_fullest_regions_are_told(published, client):
    edition = published(threshold=0.2)
    (figure,), rows = edition.figures, rows_of(edition)
    order, expected = figure["regions"]["order"], cell_counts(rows, figure["regions"]["order"])
    found = dict(zip(numbers(figure, "regions"), figure["regions"]["count"], strict=True))
    assert [n[0] for n in found.values()] == sorted(expected.values(), reverse=True)[: sky_maps.MOST_REGIONS]
    for place, threshold in enumerate(figure["thresholds"]):
        counts = cell_counts(rows, order, threshold)
        assert {cell: n[place] for cell, n in found.items()} == {cell: counts.get(cell, 0) for cell in found}
    text = client.get(PAGE).content.decode().split("Candidates on the sky")[1]
    cells = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in re.findall(r"<tr>(<td>-?\d.*?)</tr>", text)]
    assert [[int(n.replace(",", "")) for n in row[1:]] for row in cells[: len(found)]] == list(found.values())
    whole = "".join(f'<td class="n">{n:,}</td>' for n in figure["above"])
    assert f"the whole sky</td>{whole}" in text


def test_a_score_that_is_no_number_is_counted_nowhere(published):
    edition = published(threshold=0.2)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {quote(edition.table_name)} SET p_s = 'NaN' WHERE object_id % 2 = 0")
        cursor.execute(f"SELECT count(*) FROM {quote(edition.table_name)} WHERE object_id % 2 = 1")
        (odd,) = cursor.fetchone()
    (figure,) = catalog_figures(edition)
    assert figure["total"] == len(figure["ra"]) == odd > 5


def test_a_catalog_without_candidates_has_an_empty_map(published, client):
    edition = published(threshold=0.2)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {quote(edition.table_name)}")
    Edition.objects.filter(pk=edition.pk).update(figures=catalog_figures(edition))
    assert client.get(SKY).json()["above"] == [0, 0, 0, 0, 0]
    assert client.get(PAGE).status_code == 200


def test_the_address_gives_what_was_stored_and_where_objects_are(client, published):
    edition = published()
    answer = client.get(SKY)
    assert answer.headers["Content-Type"] == "application/json" and "no-cache" in answer.headers["Cache-Control"]
    assert answer.json() == edition.figures[0] | {"address": "/objects/survey/source_id/", "simulated": "simulated"}
    for hidden in ("sky-1", "histogram-0", "x"):
        assert client.get(f"{PAGE}figures/{hidden}.json").status_code == 404
    assert client.post(SKY).status_code == 405


def test_it_is_sent_once_for_each_revision(client, published):
    published()
    page = client.get(PAGE).content.decode()
    address = PAGE + html.unescape(re.search(r'data-source="([^"]+)"', page)[1])
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    for etag in (client.get(address).headers["ETag"], packed.headers["ETag"]):
        again = client.get(address, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
    published(threshold=0.9)
    assert client.get(address).status_code == 404, "the page that asked is of the revision before"
    newer = client.get(SKY, headers={"If-None-Match": etag})
    assert newer.status_code == 200 and newer.json()["thresholds"][0] == 0.9


def test_a_hidden_catalog_has_no_figures_for_others(client, published):
    published()
    etag = client.get(SKY).headers["ETag"]
    owner, other = User.objects.create_user("vera"), User.objects.create_user("edwin")
    for hide in (Catalog.objects.filter(slug="dwarfs"), Survey.objects.filter(slug=SURVEY)):
        hide.update(visibility="private", owner=owner)
        for user, status in ((None, 404), (other, 404), (owner, 200)):
            client.logout()
            if user:
                client.force_login(user)
            assert [client.get(address).status_code for address in (PAGE, SKY)] == [status] * 2
            kept = client.get(SKY, headers={"If-None-Match": etag}).status_code
            assert kept == (304 if status == 200 else 404), "who may not see it is not even told that it is the same"
        hide.update(visibility="public")


def test_the_page_stays_small_whatever_the_map_holds(client, published):
    edition = published()
    (figure,) = edition.figures
    many, cells = sky_maps.MOST_POINTS, 12 * 4**sky_maps.CELL_ORDER
    figure |= {"ra": [123.45678] * many, "dec": [-12.34567] * many, "score": [0.987654] * many, "survey": [0] * many}
    figure |= {"source_id": [f"1234567890{i}" for i in range(many)], "total": 10**6}
    figure["cells"] = {"order": 5, "ra": [1.234] * cells, "dec": [5.678] * cells, "count": [81] * cells}
    Edition.objects.filter(pk=edition.pk).update(figures=[figure])
    full = client.get(PAGE).content
    Edition.objects.filter(pk=edition.pk).update(figures=[])
    plain = client.get(PAGE).content
    assert len(plain) < len(full) < len(plain) + MOST_BYTES
    assert b"data-figure" not in plain and b"figures.js" not in plain


def test_simulated_candidates_are_called_so(client, published):
    published()
    heading = '<h3 id="sky-0-title">Candidates on the sky <span class="tag simulated">simulated</span></h3>'
    assert heading in client.get(PAGE).content.decode()


def test_lists_of_catalogs_and_pages_of_rows_do_not_read_figures(client, published):
    published()
    edition = catalog_get(user=None, slug="dwarfs")
    assert "figures" in edition.get_deferred_fields()
    assert "data-figure" not in client.get(PAGE, headers={"HX-Target": "rows"}).content.decode()
