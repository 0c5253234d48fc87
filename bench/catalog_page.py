"""A catalog of a million candidates: server time of its page, first, deep, sorted and filtered.

    python bench/catalog_page.py [--rows 1000000]

Uses the configured server with a scratch database of its own. The page is the whole HTML, through Django's test client: no
network, no static files. Each address is asked for ten times after one warm-up.
"""

import argparse
import re
import statistics
import time

from django.db import connection
from django.test import Client
from django.utils import timezone
from scratch import scratch_database  # isort: split  (it sets Django up)

from almagest.catalogs.models import Catalog, Edition
from almagest.catalogs.tables import catalog_table
from almagest.core.tables import create_indexes, create_table, quote
from almagest.predictions.models import PredictionSet
from almagest.registry.models import ModelVersion
from almagest.registry.services import plugin_sync
from almagest.samples.models import Sample
from dwarf_galaxies.plugin import plugin

TIMES = 10
NUMBERS = {"float32": "random()::real", "float64": "random()", "int32": "1", "int64": "1", "string": "'S'"}
SPECIAL = {
    "object_id": "n", "survey": "'survey-' || n % 3", "source_id": "n::text", "ra": "random() * 360",
    "dec": "degrees(asin(2 * random() - 1))", "healpix": "(random() * 3458764513820540928)::bigint",
    "p_s": "(1 - 0.5 * random() ^ 2)::real", **dict.fromkeys("ugriz", "(14 + 8 * random() ^ 0.5)::real"),
    "log_mass": "CASE WHEN random() < 0.3 THEN 6 + 4 * random() END", "sample_split": "CASE WHEN n % 50 = 0 THEN 'test' END",
}  # fmt: skip


def make_edition(rows: int) -> Edition:
    """A current edition with that many invented rows."""
    method = plugin_sync(declaration=plugin).methods.get(name="network")
    sample = Sample.objects.create(
        name="s", plugin_name=plugin.name, definition={"surveys": []}, ingest_id=0, cross_match_id=0, rows=0
    )
    version = ModelVersion.objects.create(
        method=method, number=1, sample=sample, parameters={}, seed=1, metrics=[], figures=[], outputs=method.outputs
    )
    scores = PredictionSet.objects.create(version=version, ingest_id=0, surveys=[], rows=rows, objects_read=rows)
    catalog = Catalog.objects.create(slug="million", title="A million")
    edition = Edition(
        catalog=catalog, revision=1, base=1, version=version, prediction_set=scores, threshold=0.5, rows=rows
    )
    edition.is_current, edition.published = True, timezone.now()
    declared = catalog_table(version, edition.table_name)
    edition.columns, edition.rank_by = declared.table.to_json(), version.method.rank_by
    create_table(declared, with_indexes=False)
    values = [SPECIAL.get(c.name) or NUMBERS[c.dtype] for c in declared.table.columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(edition.table_name)} SELECT {', '.join(values)} FROM generate_series(1, {rows}) n"
        )
        create_indexes(declared)
        cursor.execute(f"VACUUM ANALYZE {quote(edition.table_name)}")
    edition.save()
    return edition


def deep(client: Client, address: str, pages: int) -> str:
    """The address of a page some hundred pages on, by following the links."""
    for _ in range(pages):
        text = client.get(address).content.decode()
        address = re.search(r'rel="next" href="([^"]+)"', text)[1].replace("&amp;", "&")
    return address


def measure(client: Client, name: str, address: str) -> None:
    """Print the milliseconds of one address."""
    seconds = []
    for _ in range(TIMES + 1):
        start = time.perf_counter()
        response = client.get(address)
        seconds.append(1000 * (time.perf_counter() - start))
        assert response.status_code == 200, response.content[:300]
    seconds = sorted(seconds[1:])
    print(f"  {name:44s} p50 {statistics.median(seconds):6.1f} ms   max {seconds[-1]:6.1f} ms")


def main(rows: int) -> None:
    """Make the catalog and measure its pages."""
    with scratch_database():
        edition = make_edition(rows)
        client, base = Client(), f"/catalogs/{edition.catalog.slug}/"
        print(f"{rows:,} candidates, 50 rows a page")
        measure(client, "first page", base)
        for sort in ("-g", "ra", "-log_mass", "survey"):
            measure(client, f"first page sorted by {sort}", f"{base}?sort={sort}")
        measure(client, "page 101", deep(client, base, 100))
        measure(client, "page 101 of 200 rows, sorted by -ra", deep(client, f"{base}?sort=-ra&size=200", 100))
        last = client.get(f"{base}?sort=p_s").content.decode()
        measure(
            client,
            "last pages (sorted the other way)",
            re.search(r'rel="next" href="([^"]+)"', last)[1].replace("&amp;", "&"),
        )
        measure(client, "filter p_s >= 0.99", f"{base}?p_s__min=0.99")
        measure(client, "filter on two columns, sorted by a third", f"{base}?p_s__min=0.9&g__max=18&sort=-r")
        measure(
            client, "filter that nothing passes, sorted by -p_s", f"{base}?g__max=14.0001&r__max=14.0001&z__min=21.99"
        )
        measure(client, "a rare word", f"{base}?sample_split=train")
        measure(client, "cone of 1 degree", f"{base}?cone_ra=180&cone_dec=10&radius_arcsec=3600")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    main(parser.parse_args().rows)
