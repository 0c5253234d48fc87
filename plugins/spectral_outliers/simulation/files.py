"""Simulated galaxies and stars as files that the platform reads as it reads stacks of spectra."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from astropy.io import fits

from spectral_outliers.columns import GALAXY, STAR
from spectral_outliers.preparation import GRID
from spectral_outliers.simulation.galaxies import draw
from spectral_outliers.simulation.noise import NoiseBank
from spectral_outliers.simulation.stars import draw_stars
from spectral_outliers.simulation.templates import Templates

# Spectra in a file: some 125 MB.
BLOCK = 2000
Draw = Callable[[int, np.random.Generator], dict[str, np.ndarray]]


def write_galaxies(folder: Path, templates: Templates, noise: NoiseBank, size: int, seed: int) -> Iterator[Path]:
    """Write galaxies block by block as ``galaxies-simulated-NN.fits``, giving each file as it is done.

    Places are drawn evenly on the sky: nothing is there.
    """
    made_of = f"templates: {templates.source}; noise: {noise.source}"
    return _blocks(
        folder, "galaxies", GALAXY, size, seed, made_of, lambda count, random: draw(templates, noise, count, random)
    )


def write_stars(folder: Path, noise: NoiseBank, size: int, seed: int) -> Iterator[Path]:
    """Stars of formulas as ``stars-simulated-NN.fits``, for trials without a library of real ones."""
    made_of = f"formulas; noise: {noise.source}"
    return _blocks(folder, "stars", STAR, size, seed, made_of, lambda count, random: draw_stars(noise, count, random))


def _blocks(folder: Path, name: str, kind: str, size: int, seed: int, made_of: str, drawn: Draw) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    seeds = np.random.SeedSequence([seed, len(name)]).spawn(-(-size // BLOCK))
    for number, child in enumerate(seeds):
        random = np.random.default_rng(child)
        path = folder / f"{name}-simulated-{number:02d}.fits"
        _write(path, kind, drawn(min(BLOCK, size - number * BLOCK), random), random, made_of)
        yield path


def _write(path: Path, kind: str, rows: dict[str, np.ndarray], random: np.random.Generator, made_of: str) -> None:
    size = len(rows["redshift"])
    wave = fits.ImageHDU(GRID.wavelength, name="WAVE")
    wave.header["BUNIT"], wave.header["VACUUM"] = "Angstrom", True
    flux, ivar = (fits.ImageHDU(rows[name], name=name.upper()) for name in ("flux", "ivar"))
    flux.header["BUNIT"] = "10**-17 erg/(s cm2 Angstrom)"
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("NAME", "40A", array=[f"{path.stem}-{row:05d}" for row in range(size)]),
            fits.Column("RA", "D", array=random.uniform(0, 360, size), unit="deg"),
            fits.Column("DEC", "D", array=np.degrees(np.arcsin(random.uniform(-1, 1, size))), unit="deg"),
            fits.Column("Z", "D", array=rows["redshift"]),
            fits.Column("ZWARN", "K", array=np.zeros(size, np.int64)),
            fits.Column("CLASS", "10A", array=[kind] * size),
        ],
        name="OBJECTS",
    )
    header = fits.Header([("SIMUL", True, "No spectrum of this file was observed"), ("MADEOF", made_of[:60])])
    fits.HDUList([fits.PrimaryHDU(header=header), wave, flux, ivar, table]).writeto(path, overwrite=True)
