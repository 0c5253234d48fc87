"""Simulated galaxies: for the law suite, and for a demo where no real tables are at hand.

    python -m dwarf_galaxies.simulate FOLDER [--size 4000] [--seed 1]

writes tables with the names and columns of the EVCC, SDSS and SAMI files that the platform reads. Everything in them is
drawn from the relations below; nothing is observed.
"""

import argparse
import sys
from pathlib import Path

import astropy.units as u
import numpy as np
import pandas as pd
import pyarrow as pa
from astropy.table import Table

from dwarf_galaxies.labels import COSMOLOGY, taylor_log_mass
from dwarf_galaxies.plugin import BANDS, CLASSES

EVCC, SDSS = "evcc-simulated", "sdss-dr14-simulated"
LIGHT_KM_S = 299_792.458
VIRGO_MPC = 16.5
# Redshift and log mass ranges inside Table 1's boundaries, and the share of each class in the simulated SDSS.
RANGES = {
    "S": ((0.003, 0.0195), (7.0, 8.95), 0.10),
    "NSL": ((0.0205, 0.0495), (9.02, 9.73), 0.20),
    "LM": ((0.003, 0.0195), (9.55, 10.8), 0.10),
    "NM": ((0.0505, 0.19), (9.28, 9.98), 0.40),
    "HM": ((0.205, 0.5), (10.1, 11.5), 0.20),
}
NOISE_MAG = 0.03


def galaxies(names: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """Galaxies of the given classes: redshift, log_mass, ugriz and r50, one row a name.

    The colour g - i reddens with mass (0.5 at 10^8, 0.2 a dex, scatter 0.12) and with redshift (2.0 z stands for the
    k-correction); M_i follows from Taylor et al. (2011) turned round; the other colours are fixed shares of g - i; sizes
    follow a mass-size relation of slope 0.25 through 2 kpc at 10^9 solar masses, scatter 0.15 dex.
    """
    bounds = np.array([[*RANGES[name][0], *RANGES[name][1]] for name in names]).reshape(-1, 4)
    redshift, log_mass = random.uniform(bounds[:, 0], bounds[:, 1]), random.uniform(bounds[:, 2], bounds[:, 3])
    g_i_rest = 0.5 + 0.2 * (log_mass - 8) + random.normal(0, 0.12, len(names))
    absolute_i = (taylor_log_mass(g_i_rest, np.zeros(len(names))) - log_mass) / 0.4
    distance = COSMOLOGY.luminosity_distance(redshift).to_value(u.Mpc)
    i, g_i = absolute_i + 5 * np.log10(distance) + 25, g_i_rest + 2.0 * redshift
    colours = {"u": 1.0 + 1.5 * g_i, "g": g_i, "r": 0.35 * g_i, "i": 0 * g_i, "z": -0.2 * g_i}
    table = {band: i + colours[band] + random.normal(0, NOISE_MAG, len(names)) for band in BANDS}
    kpc = 2 * 10 ** (0.25 * (log_mass - 9) + random.normal(0, 0.15, len(names)))
    arcsec_per_kpc = COSMOLOGY.arcsec_per_kpc_proper(redshift).to_value(u.arcsec / u.kpc)
    return pd.DataFrame(
        {"label": names, "redshift": redshift, "log_mass": log_mass, "r50": kpc * arcsec_per_kpc} | table
    )


def simulate(size: int, seed: int) -> pa.Table:
    """Labelled objects of two simulated surveys, one of them nearly all dwarfs.

    Returns
    -------
    ``survey, source_id, label``, then ``u, g, r, i, z, spec_class, r50``; `size` rows.
    """
    random = np.random.default_rng(seed)
    is_evcc = np.arange(size) % 4 == 0
    names = np.where(is_evcc, random.choice(["S", "LM"], size, p=[0.8, 0.2]), _draw(size, random))
    table = galaxies(names, random)
    numbers = {name: pa.array(table[name].to_numpy(np.float32)) for name in (*BANDS, "r50")}
    words = {
        "survey": np.where(is_evcc, EVCC, SDSS), "source_id": np.arange(size).astype(str), "label": names,
        "spec_class": np.full(size, "GALAXY"),
    }  # fmt: skip
    columns = numbers | {name: pa.array(values.astype(object), pa.string()) for name, values in words.items()}
    return pa.table({name: columns[name] for name in ("survey", "source_id", "label", *BANDS, "spec_class", "r50")})


def _draw(size: int, random: np.random.Generator) -> np.ndarray:
    return random.choice(CLASSES, size, p=[RANGES[name][2] for name in CLASSES])


def survey_files(folder: Path, size: int, seed: int) -> list[Path]:
    """Write the three files; `size` galaxies in the SDSS table, a quarter of that in the others.

    Galaxies of the other two tables that lie in the simulated SDSS as well are there at the same position within 0.5 arcsec.
    """
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    sdss = galaxies(_draw(size, random), random)
    sdss["ra"], sdss["dec"] = random.uniform(150, 220, size), random.uniform(-2, 20, size)
    evcc = galaxies(random.choice(["S", "LM"], size // 4, p=[0.8, 0.2]), random)
    evcc["ra"], evcc["dec"] = random.uniform(180, 195, size // 4), random.uniform(4, 18, size // 4)
    local = np.flatnonzero(sdss["label"].isin(["S", "LM"]))[: size // 40]
    evcc = pd.concat([evcc, _seen_again(sdss.iloc[local], random)], ignore_index=True)
    sami = _seen_again(sdss.iloc[random.choice(size, size // 4, replace=False)], random)
    writers = {
        "evcc.fits": lambda path: _write_evcc(path, evcc),
        "sdss_dr14_skyserver_10k.csv": lambda path: _write_sdss(path, sdss, random),
        "sami_dr3.InputCatGAMADR3.csv": lambda path: _write_sami(path, sami),
    }
    for name, write in writers.items():
        write(folder / name)
    return [folder / name for name in writers]


def _seen_again(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    again = rows.reset_index(drop=True).copy()
    for name in ("ra", "dec"):
        again[name] += random.uniform(-0.3, 0.3, len(again)) / 3600
    return again


def _write_evcc(path: Path, rows: pd.DataFrame) -> None:
    n = len(rows)
    dash, velocity = np.full(n, "-"), (rows["redshift"] * LIGHT_KM_S).to_numpy(np.float32)
    columns = {"id_evcc": [f"{k + 1:04d}" for k in range(n)], "id_vcc": dash, "ngc": dash}
    columns |= {"ra": rows["ra"], "dec": rows["dec"], "ra_fiber": rows["ra"], "dec_fiber": rows["dec"]}
    columns["delta"] = np.zeros(n, np.float32)
    columns |= {"cz_sdss": velocity, "cz_ned": np.full(n, np.nan, np.float32)}
    member = np.abs(COSMOLOGY.luminosity_distance(rows["redshift"].to_numpy()).to_value(u.Mpc) - VIRGO_MPC) < 0.5
    columns |= {
        "mem_evcc": np.where(member, "M", "P"),
        "mem_vcc": dash,
        "morph_pri": np.where(rows["label"] == "S", "dE", "S0"),
    }
    columns |= {"morph_sec": dash, "morph_index": dash, "morph_vcc": dash}
    for band in BANDS:
        columns |= {band: rows[band].to_numpy(np.float32), f"{band}_err": np.full(n, NOISE_MAG, np.float32)}
    columns |= {"r_kron": (3 * rows["r50"]).to_numpy(np.float32), "r_50": rows["r50"].to_numpy(np.float32)}
    Table({name: np.asarray(values) for name, values in columns.items()}).write(path, overwrite=True)


def _write_sdss(path: Path, rows: pd.DataFrame, random: np.random.Generator) -> None:
    """Galaxies, and half as many stars and quasars."""
    others = rows.sample(len(rows) // 2, random_state=int(random.integers(2**31))).copy()
    others["class"] = random.choice(["STAR", "QSO"], len(others), p=[0.8, 0.2])
    others["redshift"] = np.where(
        others["class"] == "STAR", random.normal(0, 1e-4, len(others)), random.uniform(0.3, 3, len(others))
    )
    others["dec"] += 25  # another part of the sky: no galaxy has a star for a counterpart
    table = pd.concat([rows.assign(**{"class": "GALAXY"}), others], ignore_index=True)
    n = len(table)
    table = table.assign(
        objid=1.23765e18, run=752, rerun=301, camcol=1 + np.arange(n) % 6, field=np.arange(n) // 6, specobjid=3.7e18,
        plate=300 + np.arange(n) // 640, mjd=51602, fiberid=1 + np.arange(n) % 640,
    )  # fmt: skip
    order = [
        "objid",
        "ra",
        "dec",
        "u",
        "g",
        "r",
        "i",
        "z",
        "run",
        "rerun",
        "camcol",
        "field",
        "specobjid",
        "class",
        "redshift",
        "plate",
        "mjd",
        "fiberid",
    ]
    table[order].to_csv(path, index=False, float_format="%.9g")


def _write_sami(path: Path, rows: pd.DataFrame) -> None:
    modulus = COSMOLOGY.distmod(rows["redshift"].to_numpy()).to_value(u.mag)
    table = pd.DataFrame({
        "catid": 10_000 + np.arange(len(rows)), "ra_obj": rows["ra"], "dec_obj": rows["dec"], "ra_ifu": rows["ra"],
        "dec_ifu": rows["dec"], "r_petro": rows["r"], "r_auto": rows["r"], "z_tonry": rows["redshift"],
        "z_spec": rows["redshift"], "m_r": rows["r"] - modulus, "r_e": rows["r50"], "mu_within_1re": 21.0, "mu_1re": 22.0,
        "mu_2re": 23.5, "ellip": 0.3, "pa": 90.0, "mstar": rows["log_mass"], "g_i": rows["g"] - rows["i"], "a_g": 0.1,
        "surv_sami": 3, "bad_class": 0,
    })  # fmt: skip
    table.to_csv(path, float_format="%.9g")


def main(arguments: list[str] | None = None) -> int:
    """Write the files and name them."""
    parser = argparse.ArgumentParser(
        prog="python -m dwarf_galaxies.simulate", description="Write simulated survey tables."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=4000, help="galaxies in the simulated SDSS table")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.size < 100:
        parser.error(f"--size {options.size}: at least 100 galaxies are needed for every class to appear")
    if options.folder.exists() and not options.folder.is_dir():
        parser.error(f"{options.folder} is a file, not a folder")
    for path in survey_files(options.folder, options.size, options.seed):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
