"""Every list in the browser is a file in any format, at its own address."""

import csv
import io
import json
import re
from html import unescape

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits, votable
from django.db import connection

from almagest.formats import FORMATS

pytestmark = pytest.mark.django_db
PAGES = (
    "/catalogs/", "/catalogs/dwarfs/", "/catalogs/dwarfs/?p_s__min=0.7&sort=-g", "/surveys/", "/surveys/sdss-dr14-simulated/",
    "/runs/", "/runs/?state=done", "/plugins/", "/plugins/dwarf_galaxies/", "/search/?q=%s&radius_arcsec=20000",
)  # fmt: skip
READERS = {
    "csv": lambda data: list(csv.DictReader(io.StringIO(data.decode()))),
    "json": lambda data: json.loads(data)["rows"],
    "votable": lambda data: votable.parse_single_table(io.BytesIO(data)).array,
    "fits": lambda data: fits.open(io.BytesIO(data))[1].data,
    "parquet": lambda data: pq.read_table(io.BytesIO(data)).to_pylist(),
    "arrow": lambda data: pa.ipc.open_stream(data).read_all().to_pylist(),
}


def position() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ra || '+%2B' || abs(dec) FROM objects WHERE dec > 0 LIMIT 1")
        return cursor.fetchone()[0]


@pytest.fixture
def pages(published) -> list[str]:
    """Addresses of all lists, with something in each."""
    published(threshold=0.3)
    return [page % position() if "%s" in page else page for page in PAGES]


def test_every_list_links_to_itself_in_every_format_and_they_agree(client, pages):
    assert list(READERS) == list(FORMATS)
    for page in pages:
        text = client.get(page).content.decode()
        links = [unescape(link) for link in re.findall(r'<a href="([^"]+)" hx-boost="false" download>', text)]
        links = list(dict.fromkeys(links))
        assert len(links) == len(FORMATS), page
        files = {}
        for link in links:
            answer = client.get(link)
            assert answer.status_code == 200, (link, answer.getvalue()[:200])
            name = re.search(r"format=(\w+)", link)[1]
            assert answer.headers["Content-Disposition"].endswith(f'.{FORMATS[name].extension}"')
            files[name] = READERS[name](answer.getvalue())
        assert len({len(rows) for rows in files.values()}) == 1, page
        assert len(files["csv"]) > 0, page
        assert list(files["csv"][0]) == list(files["json"][0]) == list(files["parquet"][0]) == list(files["fits"].names)


def test_files_have_the_filters_and_the_order_of_the_page(client, pages):
    rows = READERS["parquet"](client.get("/catalogs/dwarfs/?p_s__min=0.7&sort=-g&format=parquet").getvalue())
    everything = READERS["parquet"](client.get("/catalogs/dwarfs/?format=parquet").getvalue())
    assert {r["source_id"] for r in rows} == {
        r["source_id"] for r in everything if np.float32(r["p_s"]) >= np.float32(0.7)
    }
    g = [r["g"] for r in rows if r["g"] is not None]
    assert g == sorted(g, reverse=True)
    assert "object_id" not in rows[0]
    assert "object_id" in READERS["parquet"](client.get("/catalogs/dwarfs/?format=parquet&columns=all").getvalue())[0]


@pytest.mark.parametrize("query", ["format=xml", "format=csv&columns=nonsense"])
def test_files_that_there_are_not_are_answered_in_words(client, pages, query):
    answer = client.get(f"/catalogs/dwarfs/?{query}")
    assert answer.status_code == 400
    assert "there are csv" in answer.content.decode() or "there is no nonsense" in answer.content.decode()


def test_what_the_reader_has_is_not_sent_again(client, pages):
    first = client.get("/catalogs/dwarfs/?format=csv")
    assert (
        client.get("/catalogs/dwarfs/?format=csv", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    )
