"""Writing simulated objects as the surveys' own tables are written: the same columns in the same order and formats."""

import csv
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.table import Table

from dwarf_galaxies.columns import BANDS
from dwarf_galaxies.labels import COSMOLOGY

LIGHT_KM_S = 299_792.458
# Arrays of one length by name.
Columns = dict[str, np.ndarray]


def joined(a: Columns, b: Columns) -> Columns:
    """The rows of `a`, then those of `b`, with the columns that both have."""
    return {name: np.concatenate([a[name], b[name]]) for name in a if name in b}


def taken(rows: Columns, index: np.ndarray) -> Columns:
    """The rows at `index`."""
    return {name: values[index] for name, values in rows.items()}


def seen_again(rows: Columns, random: np.random.Generator) -> Columns:
    """The same galaxies in another survey: the position differs by up to 0.3 arcsec in each coordinate."""
    moved = {name: rows[name] + random.uniform(-0.3, 0.3, len(rows[name])) / 3600 for name in ("ra", "dec")}
    return rows | moved


def write_evcc(path: Path, rows: Columns) -> None:
    """FITS; a galaxy at the cluster's distance is a member (M), others are possible ones (P)."""
    n, is_dwarf = len(rows["ra"]), rows["label"] == "S"
    dash, velocity = np.full(n, "-"), (rows["redshift"] * LIGHT_KM_S).astype("f4")
    columns = {
        "id_evcc": np.array([f"{k + 1:04d}" for k in range(n)]), "id_vcc": dash, "ngc": dash,
        "ra": rows["ra"], "dec": rows["dec"], "ra_fiber": rows["ra"], "dec_fiber": rows["dec"],
        "delta": np.zeros(n, "f4"), "cz_sdss": velocity, "cz_ned": np.full(n, np.nan, "f4"),
        "mem_evcc": np.where(np.isfinite(rows["distance_mpc"]), "M", "P"), "mem_vcc": dash,
        "morph_pri": np.where(is_dwarf, "dE", "S0"), "morph_sec": dash,
        "morph_index": np.where(is_dwarf, "400", "200"), "morph_vcc": dash,
    }  # fmt: skip
    for band in BANDS:
        columns |= {band: rows[band].astype("f4"), f"{band}_err": np.full(n, 0.02, "f4")}
    columns |= {"r_kron": (3 * rows["r50"]).astype("f4"), "r_50": rows["r50"].astype("f4")}
    Table(columns).write(path, overwrite=True)


def write_sdss(path: Path, rows: Columns) -> None:
    """CSV; objid and specobjid are as rounded as in the real file, and plate, mjd and fiberid are the key."""
    n = len(rows["ra"])
    number, rounded = np.arange(n), np.full(n, "1.23765E+18")
    columns = {
        "objid": rounded, "ra": rows["ra"], "dec": rows["dec"], **{band: rows[band] for band in BANDS},
        "run": np.full(n, 752), "rerun": np.full(n, 301), "camcol": 1 + number % 6, "field": 11 + number // 6,
        "specobjid": rounded, "class": rows["spec_class"], "redshift": rows["redshift"],
        "plate": 300 + number // 640, "mjd": np.full(n, 51602), "fiberid": 1 + number % 640,
    }  # fmt: skip
    _write_csv(path, columns)


def write_sami(path: Path, rows: Columns, random: np.random.Generator) -> None:
    """CSV with a nameless first column that counts; one fit in fifty has failed, as in the real table."""
    n, r = len(rows["ra"]), rows["r"]
    fitted = np.where(random.random(n) < 0.02, np.nan, 1.0)
    mean_brightness = (r + 2.5 * np.log10(2 * np.pi * rows["r50"] ** 2)) * fitted
    columns = {
        "": np.arange(n), "catid": 10_000 + np.arange(n), "ra_obj": rows["ra"], "dec_obj": rows["dec"],
        "ra_ifu": rows["ra"], "dec_ifu": rows["dec"], "r_petro": r, "r_auto": r, "z_tonry": rows["redshift"],
        "z_spec": rows["redshift"], "m_r": r - COSMOLOGY.distmod(rows["redshift"]).to_value(u.mag),
        "r_e": rows["r50"] * fitted, "mu_within_1re": mean_brightness, "mu_1re": mean_brightness + 1.0,
        "mu_2re": mean_brightness + 2.7, "ellip": random.uniform(0, 0.8, n) * fitted,
        "pa": random.uniform(0, 180, n) * fitted, "mstar": rows["log_mass"], "g_i": rows["g"] - rows["i"],
        "a_g": np.full(n, 0.1), "surv_sami": np.full(n, 3), "bad_class": np.zeros(n, int),
    }  # fmt: skip
    _write_csv(path, columns)


def _write_csv(path: Path, columns: Columns) -> None:
    texts = [[f"{v:.9g}" for v in a] if a.dtype.kind == "f" else a.tolist() for a in columns.values()]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*texts, strict=True))
