"""Relations of verified galaxies: stellar mass against size and star-formation rate (Section 4.5 and Figure 12)."""

from collections.abc import Iterable

import astropy.units as u
import numpy as np
import pyarrow as pa

from almagest.contract import Scatter, View
from dwarf_galaxies.columns import SIGNAL
from dwarf_galaxies.features import column_values
from dwarf_galaxies.labels import COSMOLOGY, SMALLEST_REDSHIFT, apparent, distance_modulus, taylor_log_mass

# Section 4.5: redder ones are red; massive galaxies have more than this mass (log10 of solar masses), and are nearer.
BLUEST_RED = 0.7
# Points in a plot: more show no more.
MOST_POINTS = 4000
MASSIVE_LOG_MASS, MASSIVE_REDSHIFT = 9.2, 0.1
LOCAL_MASSIVE = "LM"
# Of what is drawn, and of a colour before it is judged: 0.7 in single precision is 0.7, and not red by its last bit.
DECIMALS = 4
LABELS, COLOURS = ("dwarf, blue", "dwarf, red", "massive, blue", "massive, red"), (0, 1, 5, 3)
AXES = {
    "log_mass": "log stellar mass (solar masses)",
    "g-r": "g − r (mag)",
    "log_r50": "log half-light radius (kpc)",
    "log_sfr": "log star-formation rate (solar masses a year)",
}
# Title, quantity, what a galaxy without it lacks, and whose it is.
FIGURES = (
    ("Mass and size", "log_r50", "half-light radius", "radii are the scored survey's, or else the catalog's"),
    (
        "Mass and star formation",
        "log_sfr",
        "star-formation rate",
        "rates are the catalog's, or else the scored survey's",
    ),
)


def relations(rows: pa.Table) -> tuple[Scatter, ...]:
    """Mass-size and mass-SFR relation of confirmed dwarfs and of massive galaxies, each where any galaxy has what it needs.

    Parameters
    ----------
    rows
        What the platform gives: a confirmed dwarf is S by its label and by the model; a massive galaxy is any other with
        more than 10^9.2 solar masses, or LM, within a redshift of 0.1, whatever the model says.
    """
    values = quantities(rows)
    label, predicted = (np.array(rows[name].to_pylist(), str) for name in ("label", "predicted_class"))
    with np.errstate(invalid="ignore"):
        is_massive = (values["log_mass"] > MASSIVE_LOG_MASS) | (label == LOCAL_MASSIVE)
        is_massive &= (label != SIGNAL) & (values["redshift"] < MASSIVE_REDSHIFT)
        is_red = values["g-r"] > BLUEST_RED
    is_dwarf = (label == SIGNAL) & (predicted == SIGNAL)
    kind = np.select([is_dwarf & ~is_red, is_dwarf, is_massive & ~is_red, is_massive], LABELS, "")
    found = (_figure(rows, values, kind, *figure) for figure in FIGURES)
    return tuple(figure for figure in found if figure)


def quantities(rows: pa.Table) -> dict[str, np.ndarray]:
    """``redshift`` and what `AXES` names, float64, each of shape (n,); NaN where it is not known."""
    names = ("redshift", "distance_mpc", "log_mass", "log_sfr")
    redshift, distance_mpc, log_mass, log_sfr = (column_values(rows, name) for name in names)
    g, r, i = (apparent(rows, band) for band in "gri")
    photometric = taylor_log_mass(g - i, i - distance_modulus(redshift, distance_mpc))
    kpc = radius_kpc(radius_arcsec(rows), redshift, distance_mpc)
    return {
        "redshift": redshift, "log_mass": np.where(np.isfinite(log_mass), log_mass, photometric),
        "g-r": np.round(g - r, DECIMALS),
        "log_r50": np.log10(kpc), "log_sfr": log_sfr,
    }  # fmt: skip


def radius_arcsec(rows: pa.Table) -> np.ndarray:
    """Half-light radius, ``r50`` or that of the Legacy Surveys' model, ``shape_r``; NaN where none is measured, shape (n,)."""
    name = next((name for name in ("r50", "shape_r") if name in rows.column_names), None)
    radius = column_values(rows, name) if name else np.full(rows.num_rows, np.nan)
    return np.where(radius > 0, radius, np.nan)


def radius_kpc(radius_arcsec: np.ndarray, redshift: np.ndarray, distance_mpc: np.ndarray) -> np.ndarray:
    """Size of an angle at a galaxy, arrays of shape (n,).

    At the measured distance where there is one, else at the angular diameter distance of a redshift above 0.001; else NaN.
    """
    mpc = np.where(distance_mpc > 0, distance_mpc, np.nan)
    usable = np.isnan(mpc) & (redshift > SMALLEST_REDSHIFT)
    if usable.any():
        mpc[usable] = COSMOLOGY.angular_diameter_distance(redshift[usable]).to_value(u.Mpc)
    return 1000 * mpc * np.radians(radius_arcsec / 3600)


def _figure(
    rows: pa.Table, values: dict[str, np.ndarray], kind: np.ndarray, title: str, quantity: str, what: str, whose: str
) -> Scatter | None:
    """The quantity against mass and colour, of the galaxies that have all three."""
    left, lost = _complete(kind != "", {"mass": values["log_mass"], "g − r": values["g-r"], what: values[quantity]})
    if not left.any():
        return None
    dwarfs, massive = (int(np.isin(kind[left], LABELS[k : k + 2]).sum()) for k in (0, 2))
    left, drawn = _thinned(left)
    views = tuple(View(x, quantity, AXES[x], AXES[quantity]) for x in ("log_mass", "g-r"))
    survey, source_id = (np.array(rows[name].to_pylist(), str)[left].tolist() for name in ("survey", "source_id"))
    return Scatter(
        title,
        f"{dwarfs:,} dwarf galaxies that model and catalog agree on, and {massive:,} massive galaxies by the catalog (log mass "
        f"above {MASSIVE_LOG_MASS}, redshift below {MASSIVE_REDSHIFT}), after Section 4.5 of the paper; red: g − r above "
        f"{BLUEST_RED}, not corrected to rest; {whose}. Left out: {'; '.join(lost) or 'none'}.{drawn}",
        {name: _rounded(values[name][left]) for name in ("log_mass", "g-r", quantity)},
        tuple(kind[left].tolist()), LABELS, views, tuple(survey), tuple(source_id), COLOURS,
    )  # fmt: skip


def _thinned(left: np.ndarray) -> tuple[np.ndarray, str]:
    """At most `MOST_POINTS` of `left`, shape (n,), drawn at random, and in words how many."""
    count = int(left.sum())
    if count <= MOST_POINTS:
        return left, ""
    chosen = np.random.default_rng(1).choice(np.flatnonzero(left), MOST_POINTS, replace=False)
    return np.isin(np.arange(len(left)), chosen), f" {MOST_POINTS:,} of the {count:,} are drawn."


def _complete(left: np.ndarray, needed: dict[str, np.ndarray]) -> tuple[np.ndarray, list[str]]:
    """Those of `left`, shape (n,), that lack nothing, and in words how many lack what, each counted once."""
    lost = []
    for name, numbers in needed.items():
        lacks = left & ~np.isfinite(numbers)
        lost += [f"{lacks.sum():,} without a {name}"] if lacks.any() else []
        left = left & ~lacks
    return left, lost


def _rounded(numbers: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(float(number), DECIMALS) for number in numbers)
