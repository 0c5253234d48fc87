"""Writing a simulated Legacy sky block by block: tractor catalogues, and the table of labels beside them."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from astropy.io import fits

from dwarf_galaxies.simulation import labels_table, sky
from dwarf_galaxies.simulation.measuring import measured
from dwarf_galaxies.simulation.objects import class_names, objects
from dwarf_galaxies.simulation.population import COUNTS
from dwarf_galaxies.simulation.tractor import tractor_rows

# The paper's number of objects in Table 1.
PAPER_SIZE = sum(COUNTS.values())
# Rows made and held at a time: some 110 MB as a table, and a file each.
BLOCK = 50_000
LABELS = "ls_labels.csv"
# Numbers of the sky's rows start here: the two simulations may stand in one table.
FIRST_OF_SKY = 1_000_000


def blocks(size: int, seed: int, *, is_sky: bool) -> Iterator[tuple[int, np.ndarray, np.random.Generator]]:
    """First row, names of classes and source of random numbers of each block."""
    starts = range(0, size, BLOCK)
    choosing, *each = np.random.SeedSequence([seed, is_sky]).spawn(1 + len(starts))
    random = np.random.default_rng(choosing)
    names = sky.names(size, random) if is_sky else class_names(size, random)
    for start, seeds in zip(starts, each, strict=True):
        yield start, names[start : start + BLOCK], np.random.default_rng(seeds)


def write_tractor(path: Path, table: np.ndarray) -> None:
    """A FITS file with one binary table, as the survey's catalogues are."""
    header = fits.Header([("SIMUL", True, "No row of this table was observed")])
    fits.BinTableHDU(table, header=header).writeto(path, overwrite=True)


def legacy_files(folder: Path, size: int, seed: int, *, is_sky: bool = False) -> list[Path]:
    """Write simulated sources, and labels unless they are of an unlabelled sky.

    Parameters
    ----------
    size
        Number of sources; the paper's sample has 286,326.
    is_sky
        Stars, faint galaxies and masked sources with the classes, in about the proportions of the whole survey.

    Returns
    -------
    ``tractor-simulated.fits``, or numbered parts where there are several blocks, and ``ls_labels.csv``; of a sky
    ``tractor-simulated-sky.fits`` or its parts. Parts of an earlier run are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths, labels, name = [], folder / LABELS, "tractor-simulated-sky" if is_sky else "tractor-simulated"
    for old in (*folder.glob(f"{name}.fits"), *folder.glob(f"{name}-[0-9]*.fits")):
        old.unlink()
    if not is_sky:
        labels.write_text(labels_table.HEADER, encoding="utf-8")
    for start, names, random in blocks(size, seed, is_sky=is_sky):
        part = f"-{start // BLOCK:02d}" if size > BLOCK else ""
        paths.append(folder / f"{name}{part}.fits")
        truth = objects(names, random)
        rows = measured(truth, random, labelled=not is_sky)
        table = tractor_rows(truth, rows, start + is_sky * FIRST_OF_SKY, random)
        write_tractor(paths[-1], table)
        if not is_sky:
            found = truth | {"ra": table["RA"], "dec": table["DEC"]}
            with labels.open("a", encoding="utf-8") as file:
                file.write(labels_table.csv_lines(labels_table.labels(found, start, random)))
    return paths if is_sky else [*paths, labels]


def report(paths: list[Path], size: int, started: float) -> str:
    """The files, and how fast they were made; `started` is of `time.monotonic`."""
    seconds = time.monotonic() - started
    return "\n".join([*map(str, paths), f"{size:,} rows in {seconds:.1f} s, {size / seconds:,.0f} rows a second"])
