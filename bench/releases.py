"""A release of a million candidates: rows/s and memory of each format, beside raw COPY of the same rows in the same order.

    python bench/releases.py [--rows 10000000]

Every part runs in a process of its own: freezing the rows (read from PostgreSQL in order, kept on disk), then each format with
all that stands beside it in a release (coverage, checksums, words), then all formats, the check that reopens them, and the
changes against the same release with one row in a hundred another. Beside them `COPY (the same rows, ORDER BY healpix, object_id)
TO STDOUT (FORMAT BINARY)`, thrown away. A release of one format costs its line and that of the freezing. Memory is the peak of
the whole process.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog_page import make_edition  # isort: split  (it sets Django up)
from django.db import connection
from downloads import peak
from scratch import scratch_database

from almagest.core.listings.streaming import as_text
from almagest.core.tables import column_list, quote
from almagest.formats import Sizes
from almagest.releases.changes import find_changes
from almagest.releases.content import ALL, build, check
from almagest.releases.freezing import freeze, read_rows, released_listing
from almagest.releases.models import Release
from almagest.releases.services import release_start
from almagest.releases.words import parse_creator

PARTS = ("copy", "freeze", *ALL, "all", "check", "changes")
# The others take this part's time with them, where they are compared with COPY.
FREEZE = "freeze"


def one(what: str, folder: Path) -> dict[str, float]:
    """Seconds, bytes and megabytes of one part, in this process."""
    release = Release.objects.select_related("edition__catalog", "edition__version").get()
    listing = released_listing(release.edition, columns="all", filters={})
    start = time.perf_counter()
    size = PART.get(what, written)(what, release, listing, folder)
    return {"seconds": time.perf_counter() - start, "bytes": size, "megabytes": peak()}


def copied(what, release, listing, folder) -> int:
    """Raw COPY; nothing is kept."""
    rows = f"SELECT {column_list(listing.columns)} FROM {listing.source} ORDER BY healpix, object_id"
    with connection.cursor() as ready:
        ready.execute("SELECT 1")
    with (
        connection.connection.cursor() as cursor,
        cursor.copy(f"COPY ({as_text(rows, [], None)}) TO STDOUT (FORMAT BINARY)") as copy,
    ):
        return sum(len(block) for block in copy)


def frozen(what, release, listing, folder) -> int:
    """The rows on disk; and what they are like, for the other processes."""
    sizes = freeze(release, folder / "rows")
    (folder / "sizes.json").write_text(json.dumps([sizes.rows, dict(sizes.widths)]))
    return (folder / "rows").stat().st_size


def written(what, release, listing, folder) -> int:
    """One format, or all."""
    sizes = Sizes(*json.loads((folder / "sizes.json").read_text()))
    formats = ALL if what == "all" else (what,)
    rows = partial(read_rows, folder / "rows")
    return sum(e.bytes for e in build(folder / what, release.told, release.table, rows, sizes, formats=formats))


def checked(what, release, listing, folder) -> int:
    """All formats, reopened."""
    check(folder / "all", release.told, release.table, release.edition.rows)
    return 0


def compared(what, release, listing, folder) -> int:
    """One row in a hundred has changed since."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {quote(release.edition.table_name)} SET p_s = p_s / 2 WHERE object_id % 100 = 0")
    (parquet,) = (folder / "all").glob("*.parquet")
    _, changes = find_changes(listing, release.table, parquet, "p_s", folder / "changes")
    assert (changes.added, changes.removed, changes.changed) == (0, 0, release.edition.rows // 100)
    return (folder / "changes").stat().st_size


PART = {"copy": copied, FREEZE: frozen, "check": checked, "changes": compared}


def measured(what: str, folder: Path) -> dict[str, float]:
    """The same in a process of its own."""
    environment = os.environ | {"BENCH_DATABASE": connection.settings_dict["NAME"]}
    command = [sys.executable, __file__, "--one", what, "--folder", str(folder)]
    return json.loads(subprocess.check_output(command, env=environment).splitlines()[-1])


def main(rows: int) -> None:
    """Make the candidates, measure, print ratios."""
    with scratch_database(), TemporaryDirectory(prefix="almagest-bench-") as folder:
        release = release_start(edition=make_edition(rows), creators=[parse_creator("Ptolemy, Claudius")])
        print(f"{rows:,} candidates of {len(release.table.columns)} columns")
        found = {}
        for what in PARTS:
            found[what] = each = measured(what, Path(folder))
            with_rows = each["seconds"] + (found[FREEZE]["seconds"] if what in ALL else 0)
            print(f"  {what:8s} {each['seconds']:7.2f} s {rows / each['seconds']:>11,.0f} rows/s {each['bytes'] / 1e6:7.0f} MB "
                  f"{each['megabytes']:7.0f} MB memory {with_rows / found['copy']['seconds']:6.2f} of COPY"
                  f"{' with its freezing' * (what in ALL)}", flush=True)  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        connection.settings_dict["NAME"] = os.environ["BENCH_DATABASE"]
        print(json.dumps(one(options.one, options.folder)))
    else:
        main(options.rows)
