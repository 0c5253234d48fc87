"""What the tests of a release's content release: rows of every type all over the sky, and facts."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import healpy
import numpy as np
import pyarrow as pa

from almagest.contract import Column, Table
from almagest.formats import Sizes
from almagest.releases.content import (
    Changes,
    Creator,
    IngestFacts,
    ModelFacts,
    Previous,
    ReleaseFacts,
    Rows,
    SampleFacts,
    Step,
    SurveyFacts,
    build,
)

TABLE = Table(
    "dwarfs",
    "Candidates – of « a » test",
    (
        Column("object_id", "int64", "", "meta.record", "Object", nullable=False, level=3),
        Column("survey", "string", "", "meta.dataset", "Survey", nullable=False),
        Column("source_id", "string", "", "meta.id;meta.main", "Identifier in the survey", nullable=False, level=1),
        Column("ra", "float64", "deg", "pos.eq.ra;meta.main", "Right ascension, ICRS", nullable=False, level=1),
        Column("dec", "float64", "deg", "pos.eq.dec;meta.main", "Declination, ICRS", nullable=False, level=1),
        Column("healpix", "int64", "", "pos.healpix", "HEALPix number", nullable=False, level=3),
        Column("mag", "float32", "mag", "phot.mag;em.opt.R", "It's | a magnitude, " * 9),
        Column("count", "int16", "", "meta.number", "A number"),
        Column("flux", "float32", "nmgy", "phot.flux", "Fluxes", shape=(3,)),
        Column("is_good", "bool", "", "meta.code", "Whether"),
        Column("note", "string", "", "meta.note", "Words"),
        Column("seen", "timestamp", "", "time.epoch", "When"),
    ),
)
NOTES = ("Grüße, Ω", 'he said "no"', "a,b\nc", None, "<&>", "😀")
MODEL = ModelFacts(
    "dwarf_galaxies", "network", 3, "1.2", "abc123", "ab" * 32, 42, {"epochs": 5}, "Finding dwarfs", "A. Author, B. Other",
    2024, "A&A 689, A7", "https://doi.org/10.1051/0004-6361/202449548",
)  # fmt: skip
SURVEYS = (
    SurveyFacts("sdss", "SDSS", "DR14", "Abolfathi et al. 2018, ApJS 235, 42", "Free with acknowledgement",
                "https://www.sdss.org/dr14", True, (IngestFacts("sdss.csv", "cd" * 32, 10_000),)),
    SurveyFacts("own", "Our survey", "v2", "In preparation", "CC-BY-4.0"),
)  # fmt: skip
FACTS = ReleaseFacts(
    slug="local-dwarfs", title="Local dwarf galaxies & friends", version="1.0", created=datetime(2026, 3, 1, 12, tzinfo=UTC),
    creators=(Creator("Ada Lovelace", "Ada", "Lovelace", "0000-0002-1825-0097", "A place", "https://ror.org/05qghxh33"),
              Creator("The Group", is_person=False)),
    publisher="An Institute", licence="CC-BY-4.0", description="What it is: “dwarfs”.", doi="10.5281/zenodo.1234567",
    url="https://example.org/releases/local-dwarfs/1.0", keywords=("dwarf galaxies", "catalogs"),
    known_issues=("Stars are among them.",), selection="score of at least 0.5.", steps=(Step("all", 99), Step("cut", 9)),
    catalog_revision=4, prediction_set=8, model=MODEL, sample=SampleFacts("dwarfs", "ef" * 32, 500, {"S": 100}),
    surveys=SURVEYS, previous=Previous("0.9", url="https://example.org/releases/local-dwarfs/0.9"),
    changes=Changes(5, 4, 3, ("flux",), (), ("mag",)),
)  # fmt: skip
DATA = ("local-dwarfs-v1.0.fits", "local-dwarfs-v1.0.vot", "local-dwarfs-v1.0.parquet", "local-dwarfs-v1.0.csv")
SIZE = 300
BARE = replace(
    FACTS, version=2, doi="", url="", licence="As the surveys say", keywords=(), known_issues=(), surveys=(), previous=None,
    changes=None, model=replace(MODEL, paper_title=""), creators=(Creator("Somebody"),), is_simulated=True,
)  # fmt: skip


def sky(rows: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Positions all over the sky, a crowd in one place, and both poles."""
    random = np.random.default_rng(seed)
    ra, dec = random.uniform(0, 360, rows), np.degrees(np.arcsin(random.uniform(-1, 1, rows)))
    crowd = rows // 3
    ra[:crowd], dec[:crowd] = 150 + random.normal(0, 0.01, crowd), 2 + random.normal(0, 0.01, crowd)
    if rows > 4:
        ra[:4], dec[:4] = (0, 180, 0, 359.9999999), (90, 90, -90, -90)
    return ra, dec


def rows_of(count: int) -> pa.Table:
    ra, dec = sky(count)
    places = healpy.ang2pix(2**29, ra, dec, nest=True, lonlat=True).astype(np.int64)
    number = range(count)
    data = pa.table(
        {
            "object_id": pa.array([count - n for n in number], pa.int64()),
            "survey": pa.array(["sdss" if n % 2 else "own" for n in number], pa.string()),
            "source_id": pa.array([f"J{n:05}" for n in number], pa.string()),
            "ra": ra, "dec": dec, "healpix": places,
            "mag": pa.array([None if n % 5 == 0 else n / 7 for n in number], pa.float32()),
            "count": pa.array([None if n % 3 == 0 else n for n in number], pa.int16()),
            "flux": pa.array([None if n % 4 == 0 else [n, -1.5, None] for n in number], pa.list_(pa.float32())),
            "is_good": pa.array([(True, False, None)[n % 3] for n in number], pa.bool_()),
            "note": pa.array([NOTES[n % len(NOTES)] for n in number], pa.string()),
            "seen": pa.array([datetime(2025, 1, 31, 12, 0, 0, n, UTC) if n % 6 else None for n in number],
                             pa.timestamp("us", tz="UTC")),
        }
    )  # fmt: skip
    return data.sort_by([("healpix", "ascending"), ("object_id", "ascending")]).cast(TABLE.arrow_schema)


def sizes_of(data: pa.Table) -> Sizes:
    strings = [column.name for column in TABLE.columns if column.dtype == "string"]
    return Sizes(
        data.num_rows, {name: max([1, *(len((v or "").encode()) for v in data[name].to_pylist())]) for name in strings}
    )


def release(folder: Path, data: pa.Table, *, batch: int = 37, facts: ReleaseFacts = FACTS, **more):
    """Build a release of these rows; the HATS catalog is in small files."""
    changes = Rows(TABLE, lambda: data.slice(0, 7).to_batches()) if facts.previous else None
    more = {"max_rows": 50, "changes": changes} | more
    return build(folder, facts, TABLE, lambda: data.to_batches(max_chunksize=batch), sizes_of(data), **more)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
