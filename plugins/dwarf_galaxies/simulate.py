"""Simulated objects: for the law suite, and for a demo where no real tables are at hand.

    python -m dwarf_galaxies.simulate FOLDER [--size 4000] [--seed 1]

writes tables with the names and columns of the EVCC, SDSS and SAMI files that the platform reads. Everything in them is
drawn from the relations below; nothing is observed.

    python -m dwarf_galaxies.simulate FOLDER --survey legacy [--size 286326] [--seed 1] [--sky]

writes tractor catalogues of the Legacy Surveys and their labels, from the relations of `dwarf_galaxies.simulation`.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import NoReturn

import astropy.units as u
import numpy as np
import pyarrow as pa

from dwarf_galaxies.columns import BANDS, CLASSES
from dwarf_galaxies.labels import COSMOLOGY, taylor_log_mass
from dwarf_galaxies.simulated_tables import Columns, joined, seen_again, taken, write_evcc, write_sami, write_sdss
from dwarf_galaxies.simulation.files import PAPER_SIZE, legacy_files, report
from dwarf_galaxies.simulation.tractor import legacy_rows

EVCC, SDSS = "evcc-simulated", "sdss-dr14-simulated"
VIRGO_MPC = 16.5
# Mean and scatter of redshift in the Virgo cluster, and its limits in the EVCC: cz between 330 and 3,000 km/s.
VIRGO_REDSHIFT, VIRGO_SCATTER, VIRGO_LIMITS = 0.0038, 0.0023, (0.0011, 0.0099)
# Redshifts and log masses inside Table 1's boundaries, and shares in the simulated SDSS. The last are in no class: most
# galaxies of a flux-limited survey are more massive than the contaminants that Table 1 names.
OTHER = "other"
RANGES = {
    "S": ((0.003, 0.0195), (7.0, 8.95), 0.08),
    "NSL": ((0.0205, 0.0495), (9.02, 9.73), 0.20),
    "LM": ((0.003, 0.0195), (9.55, 10.8), 0.07),
    "NM": ((0.0505, 0.19), (9.28, 9.98), 0.25),
    "HM": ((0.205, 0.5), (10.1, 11.5), 0.10),
    OTHER: ((0.03, 0.19), (10.05, 11.3), 0.30),
}
# Only catalogues that name them know these two: they are drawn where a simulation stands for such a catalogue.
SPIRALS = ((0.031, 0.15), (9.8, 11.2))
NAMED = {"NS": 0.12, "AF": 0.10}
SMALLEST_SIZE = 100


def galaxies(names: np.ndarray, random: np.random.Generator, *, in_virgo: bool = False) -> Columns:
    """Galaxies of the given classes, shape (n,): ``label, redshift, distance_mpc, log_mass, u, g, r, i, z, r50``.

    Redshifts fill their range as volume does; masses are uniform in their logarithm. The colour g - i reddens with mass
    (0.5 at 10^8, 0.2 a dex, scatter 0.12) and with redshift (2.0 z stands for the k-correction); M_i follows from Taylor
    et al. (2011) turned round; the other colours are shares of g - i with a scatter of 0.05. Sizes follow a mass-size
    relation of slope 0.25 through 2 kpc at 10^9 solar masses, scatter 0.15 dex.
    """
    ranges = RANGES | {"NS": SPIRALS}
    n, bounds = len(names), np.array([[*ranges[name][0], *ranges[name][1]] for name in names]).reshape(-1, 4)
    log_mass = random.uniform(bounds[:, 2], bounds[:, 3])
    redshift = np.cbrt(random.uniform(bounds[:, 0] ** 3, bounds[:, 1] ** 3))
    if in_virgo:
        redshift = random.normal(VIRGO_REDSHIFT, VIRGO_SCATTER, n).clip(*VIRGO_LIMITS)
    distance = np.full(n, VIRGO_MPC) if in_virgo else COSMOLOGY.luminosity_distance(redshift).to_value(u.Mpc)
    kpc = 2 * 10 ** (0.25 * (log_mass - 9) + random.normal(0, 0.15, n))
    return {
        "label": names,
        "redshift": redshift,
        "distance_mpc": np.where(in_virgo, distance, np.nan),
        "log_mass": log_mass,
        "r50": np.degrees(kpc / 1000 / (distance / (1 + redshift) ** 2)) * 3600,
        **_magnitudes(log_mass, redshift, distance, random),
    }


def _magnitudes(log_mass, redshift, distance_mpc, random: np.random.Generator) -> Columns:
    g_i_rest = 0.5 + 0.2 * (log_mass - 8) + random.normal(0, 0.12, len(log_mass))
    absolute_i = (taylor_log_mass(g_i_rest, 0.0) - log_mass) / 0.4
    i, g_i = absolute_i + 5 * np.log10(distance_mpc) + 25, g_i_rest + 2.0 * redshift
    scatter = {band: random.normal(0, 0.05, len(i)) for band in "urz"} | {"g": 0.0, "i": 0.0}
    above_i = {"u": 1.0 + 1.5 * g_i, "g": g_i, "r": 0.35 * g_i, "i": 0.0, "z": -0.2 * g_i}
    noise = random.normal(0, 0.02, (len(BANDS), len(i)))
    return {band: i + above_i[band] + scatter[band] + noise[k] for k, band in enumerate(BANDS)}


def artifacts(count: int, random: np.random.Generator) -> Columns:
    """Light that is no galaxy's: magnitudes and colours of all kinds, no redshift and no mass."""
    i, none = random.uniform(15, 21, count), np.full(count, np.nan)
    colours = {band: random.normal(0.5, 0.8, count) for band in BANDS}
    words = {"label": np.full(count, "AF"), "redshift": none, "distance_mpc": none, "log_mass": none}
    return words | {"r50": random.uniform(1.5, 8, count)} | {band: i + colours[band] for band in BANDS}


def point_sources(count: int, random: np.random.Generator) -> Columns:
    """Stars along a line of colours, and one quasar to four of them, blue at every redshift."""
    is_star = random.random(count) < 0.8
    g_i = np.where(is_star, 0.2 + 2.0 * random.beta(1.5, 3.0, count), random.normal(0.3, 0.2, count))
    i = np.where(is_star, random.uniform(13, 18.5, count), random.uniform(17, 19.3, count))
    u_g = np.where(is_star, 0.8 + 0.7 * g_i, random.normal(0.2, 0.15, count))
    redshift = np.where(is_star, random.normal(0, 1e-4, count), random.uniform(0.3, 3, count))
    return {
        "spec_class": np.where(is_star, "STAR", "QSO"), "redshift": redshift,
        "u": i + g_i + u_g, "g": i + g_i, "r": i + 0.35 * g_i, "i": i, "z": i - 0.15 * g_i,
    }  # fmt: skip


def simulate(size: int, seed: int) -> pa.Table:
    """Labelled objects of two simulated surveys, one of them nearly all dwarfs, as the paper's sources differ too.

    Returns
    -------
    ``survey, source_id, label``, then ``u, g, r, i, z, spec_class, r50`` and what the labels come from; `size` rows. All
    seven classes are there. Then what the models on Legacy Surveys fluxes read, of other sources of the same classes.
    """
    random = np.random.default_rng(seed)
    virgo = galaxies(random.choice(["S", "LM"], size // 4, p=[0.8, 0.2]), random, in_virgo=True)
    shares = np.array([NAMED.get(name) or RANGES[name][2] for name in CLASSES])
    names = random.choice(CLASSES, size - size // 4, p=shares / shares.sum())
    is_artifact = names == "AF"
    field = joined(galaxies(names[~is_artifact], random), artifacts(int(is_artifact.sum()), random))
    rows = joined(virgo, taken(field, random.permutation(len(names))))
    words = {
        "survey": np.repeat([EVCC, SDSS], [size // 4, size - size // 4]), "source_id": np.arange(size).astype(str),
        "label": rows["label"], "spec_class": np.full(size, "GALAXY"),
    }  # fmt: skip
    columns = {name: pa.array(values.tolist(), pa.string()) for name, values in words.items()}
    columns["named_class"] = pa.array([name if name in NAMED else None for name in rows["label"].tolist()], pa.string())
    measured = ("r50", "redshift", "log_mass", "distance_mpc")
    for name in (*BANDS, *measured):
        columns[name] = pa.array(rows[name].astype(np.float32), mask=np.isnan(rows[name]))
    columns["log_sfr"] = pa.nulls(size, pa.float32())
    order = ("survey", "source_id", "label", *BANDS, "spec_class", *measured, "named_class", "log_sfr")
    legacy = legacy_rows(rows["label"], random).drop_columns(["redshift", "log_mass", "type"])
    tractor = dict(zip(legacy.column_names, legacy.columns, strict=True))
    return pa.table({name: columns[name] for name in order} | tractor)


def survey_files(folder: Path, size: int, seed: int) -> list[Path]:
    """Write the three files: `size` galaxies and half as many point sources in the SDSS table, a quarter in the others.

    Some local galaxies of the SDSS table are in the EVCC one too, and all of the SAMI one are, within 0.5 arcsec.
    """
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = random.choice(list(RANGES), size, p=[share for _, _, share in RANGES.values()])
    field = galaxies(names, random) | {"spec_class": np.full(size, "GALAXY")}
    field |= {"ra": random.uniform(150, 220, size), "dec": random.uniform(-2, 20, size)}
    points = point_sources(size // 2, random)
    points |= {"ra": random.uniform(150, 220, size // 2), "dec": random.uniform(-2, 20, size // 2)}
    virgo = galaxies(random.choice(["S", "LM"], size // 4, p=[0.8, 0.2]), random, in_virgo=True)
    virgo |= {"ra": random.normal(187.7, 3.5, size // 4), "dec": random.normal(12.4, 3.5, size // 4)}
    local = np.flatnonzero(field["redshift"] < VIRGO_LIMITS[1])[: max(1, size // 40)]
    targets = np.sort(random.choice(size, size // 4, replace=False))
    paths = [folder / name for name in ("evcc.fits", "sdss_dr14_skyserver_10k.csv", "sami_dr3.InputCatGAMADR3.csv")]
    write_evcc(paths[0], joined(virgo, seen_again(taken(field, local), random)))
    write_sdss(paths[1], joined(field, points))
    write_sami(paths[2], seen_again(taken(field, targets), random), random)
    return paths


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    """The command line, checked; what is wrong is said in one line."""
    parser = _Parser(prog="python -m dwarf_galaxies.simulate", description="Write simulated survey tables.")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--survey", choices=("demo", "legacy"), default="demo", help="EVCC, SDSS and SAMI, or Legacy Surveys"
    )
    parser.add_argument("--size", type=int, help=f"galaxies in the simulated SDSS table (4000), sources ({PAPER_SIZE})")
    parser.add_argument("--seed", type=int, default=1, help="start of the random numbers")
    parser.add_argument(
        "--sky", action="store_true", help="with --survey legacy: an unlabelled sky instead of the sample"
    )
    options = parser.parse_args(arguments)
    if options.size is None:
        options.size = PAPER_SIZE if options.survey == "legacy" else 4000
    if options.size < SMALLEST_SIZE:
        parser.error(f"--size {options.size}: at least {SMALLEST_SIZE} galaxies are needed for every class to appear")
    if options.seed < 0:
        parser.error(f"--seed {options.seed}: it must not be negative")
    if options.sky and options.survey != "legacy":
        parser.error("--sky: only --survey legacy has an unlabelled sky")
    if options.folder.exists() and not options.folder.is_dir():
        parser.error(f"{options.folder} is a file, not a folder")
    options.error = parser.error
    return options


def main(arguments: list[str] | None = None) -> int:
    """Write the files and name them."""
    options, started = _options(arguments), time.monotonic()
    try:
        if options.survey == "legacy":
            paths = legacy_files(options.folder, options.size, options.seed, is_sky=options.sky)
            print(report(paths, options.size, started))
        else:
            print(*survey_files(options.folder, options.size, options.seed), sep="\n")
    except OSError as error:
        options.error(f"{options.folder} cannot be written to: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
