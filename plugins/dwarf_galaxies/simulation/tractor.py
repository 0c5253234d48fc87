"""Simulated rows of the tractor: all columns for the files, or those that the features and the cuts read."""

import numpy as np
import pyarrow as pa

from dwarf_galaxies.simulation import places
from dwarf_galaxies.simulation.colours import Columns
from dwarf_galaxies.simulation.measuring import measured
from dwarf_galaxies.simulation.noise import BANDS, OPTICAL
from dwarf_galaxies.simulation.objects import objects
from dwarf_galaxies.simulation.profiles import enclosed
from dwarf_galaxies.simulation.schema import TRACTOR

FIBRE_RADIUS = 0.75
# Dates of the survey's and of WISE's images, and their numbers: as in the DR9 row of tractor-1054p567.
FIRST_NIGHT, LAST_NIGHT = (56800.0, 57900.0), (57900.0, 58550.0)
EXPOSURES = {"g": 4, "r": 4, "z": 4, "w1": 160, "w2": 160, "w3": 14, "w4": 14}
LISTED = ("g", "r", "z", "w1", "w2")
FLAGS = ("maskbits", "wisemask_w1", "wisemask_w2", "anymask_g", "anymask_r", "anymask_z")


def legacy_rows(names: np.ndarray, random: np.random.Generator) -> pa.Table:
    """Simulated sources of the given classes, for tables in memory.

    Parameters
    ----------
    names
        Classes of Table 1, shape (n,).

    Returns
    -------
    ``redshift`` and ``log_mass`` (the truth; null where there is none), ``flux_*``, ``flux_ivar_*``, ``mw_transmission_*``
    and ``apflux_*`` (lists) in g, r, z, w1, w2 (nmgy), ``shape_r`` (arcsec), ``type``, ``brick_primary`` and the masks.
    """
    truth = objects(np.asarray(names), random)
    rows = measured(truth, random)
    columns = {name: pa.array(truth[name].astype(np.float32), from_pandas=True) for name in ("redshift", "log_mass")}
    for name in [f"{kind}_{b}" for kind in ("flux", "flux_ivar", "mw_transmission") for b in LISTED] + ["shape_r"]:
        columns[name] = pa.array(rows[name].astype(np.float32))
    for band in LISTED:
        apertures = rows[f"apflux_{band}"].astype(np.float32)
        offsets = np.arange(len(apertures) + 1, dtype=np.int32) * apertures.shape[1]
        columns[f"apflux_{band}"] = pa.ListArray.from_arrays(offsets, apertures.ravel())
    columns["type"] = pa.array(rows["type"].tolist(), pa.string())
    columns["brick_primary"] = pa.array(rows["brick_primary"])
    return pa.table(columns | {name: pa.array(rows[name].astype(np.int16)) for name in FLAGS})


def tractor_rows(truth: Columns, rows: Columns, first: int, random: np.random.Generator) -> np.ndarray:
    """All 181 columns, structured as the files of the survey; zero or empty where a simulation knows nothing.

    Parameters
    ----------
    truth, rows
        From `objects.objects` and `measuring.measured`.
    first
        Number of the first row among all that are written: ``objid`` counts on from it, so no brick has one twice.
    """
    n = len(truth["ra"])
    table = np.zeros(n, TRACTOR)
    for name in TRACTOR.names:
        if name.lower() in rows:
            table[name] = rows[name.lower()]
    table["BRICKID"], table["BRICKNAME"] = places.bricks(truth["ra"], truth["dec"])
    table["RELEASE"] = np.where(rows["is_north"], 9011, 9010)
    table["OBJID"] = first + np.arange(n)
    # A source is found to a tenth of the seeing over its signal to noise, and no better than 1 milliarcsec.
    error = np.hypot(0.6 * rows["psfsize_r"] / rows["snr"].clip(1), 0.001) / 3600
    table["DEC"] = truth["dec"] + error * random.standard_normal(n)
    table["RA"] = (truth["ra"] + error * random.standard_normal(n) / np.cos(np.radians(truth["dec"]))) % 360
    table["DEC_IVAR"], table["RA_IVAR"] = error**-2, (error / np.cos(np.radians(truth["dec"]))) ** -2
    table["BX"], table["BY"] = random.uniform(90, 3510, (2, n))
    table["MJD_MIN"], table["MJD_MAX"] = random.uniform(*FIRST_NIGHT, n), random.uniform(*LAST_NIGHT, n)
    _fill_fit(table, truth, rows)
    _fill_observing(table, rows, random)
    return table


def _fill_fit(table: np.ndarray, truth: Columns, rows: Columns) -> None:
    """Gains in chi-squared of the models, fibre fluxes, blobs: what follows from the fit."""
    square = rows["snr"] ** 2
    extended = 1 - np.exp(-np.square(truth["radius"] / rows["psfsize_r"]))
    table["DCHISQ"][:, 0] = square * (1 - 0.6 * extended)
    for k, kind in enumerate(("REX", "DEV", "EXP"), start=1):
        table["DCHISQ"][:, k] = square * np.where(rows["type"] == kind, 0.999, 0.99 - 0.02 * k)
    table["DCHISQ"][:, 4] = np.where(rows["type"] == "SER", square, 0)
    for band in OPTICAL:
        fwhm = np.ones(len(table))
        share = enclosed("optical", truth["radius"], truth["sersic"], truth["axis_ratio"], fwhm, [FIBRE_RADIUS])[:, 0]
        table[f"FIBERFLUX_{band.upper()}"] = table[f"FIBERTOTFLUX_{band.upper()}"] = rows[f"flux_{band}"] * share
        table[f"APFLUX_BLOBRESID_{band.upper()}"] = rows[f"apflux_resid_{band}"]
        table[f"BLOB_NEA_{band.upper()}"] = rows[f"nea_{band}"]
        table[f"FRACIN_{band.upper()}"] = 0.98


def _fill_observing(table: np.ndarray, rows: Columns, random: np.random.Generator) -> None:
    for band in BANDS:
        table[f"NOBS_{band.upper()}"] = 1 + random.poisson(EXPOSURES[band] - 1, len(table))
        table[f"RCHISQ_{band.upper()}"] = np.exp(0.1 * random.standard_normal(len(table)))
    # unWISE tiles have no part in any feature: the brick's name stands for the tile's.
    table["WISE_COADD_ID"] = table["BRICKNAME"]
    table["WISE_X"], table["WISE_Y"] = random.uniform(0, 2048, (2, len(table)))
    for band in ("W1", "W2"):
        table[f"LC_EPOCH_INDEX_{band}"] = -1
