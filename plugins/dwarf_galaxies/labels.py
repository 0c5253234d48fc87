"""The classes of Table 1: from redshift and stellar mass, and from catalogues that name spirals and artifacts."""

import astropy.units as u
import numpy as np
import pyarrow as pa
from astropy.cosmology import FlatLambdaCDM

from dwarf_galaxies.features import column_values, dereddened, magnitude_values

# The paper's cosmology (end of Section 1).
COSMOLOGY = FlatLambdaCDM(H0=70, Om0=0.3)
# Below this a redshift is mostly a peculiar velocity, and measures no distance.
SMALLEST_REDSHIFT = 0.001
# Section 2.2: local galaxies without a mass are massive when brighter than this in r.
MASSIVE_R = -18.8
# Table 1: spirals that a catalogue names count from here on.
SPIRAL_REDSHIFT = 0.03

NO_GALAXY = "no galaxy by its spectrum"
NO_REDSHIFT = "redshift missing or not above 0.001"
NO_MASS = "no mass"
NO_CLASS = "between the classes"


def taylor_log_mass(g_i: np.ndarray, absolute_i: np.ndarray) -> np.ndarray:
    """Logarithm of the stellar mass in solar masses: 1.15 + 0.70 (g - i) - 0.4 M_i (Taylor et al. 2011, eq. 8).

    Parameters
    ----------
    g_i, absolute_i
        Colour and absolute magnitude, AB, shape (n,). The relation means those at rest; the observed ones are put in, with
        no k-correction, which makes g - i too red and the masses too large as the redshift grows: little below 0.05.
    """
    return 1.15 + 0.70 * g_i - 0.4 * absolute_i


def distance_modulus(redshift: np.ndarray, distance_mpc: np.ndarray) -> np.ndarray:
    """From the measured distance where there is one, else from the redshift; NaN where neither is of use."""
    usable = np.isfinite(redshift) & (redshift > 0)
    from_redshift = np.full(len(redshift), np.nan)
    if usable.any():
        from_redshift[usable] = COSMOLOGY.luminosity_distance(redshift[usable]).to_value(u.Mpc)
    distance = np.where(np.isfinite(distance_mpc), distance_mpc, from_redshift)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(distance > 0, 5 * np.log10(distance) + 25, np.nan)


def apparent(rows: pa.Table, band: str) -> np.ndarray:
    """Magnitude in a band as float64, shape (n,): as it is given, else from a flux; NaN where there is neither."""
    if band in rows.column_names:
        return magnitude_values(rows, band)
    if f"flux_{band}" in rows.column_names:
        return dereddened(rows, band)
    return np.full(rows.num_rows, np.nan)


def classify(rows: pa.Table) -> pa.Table:
    """Name each object's class, or why it has none.

    Parameters
    ----------
    rows
        ``redshift, spec_class, log_mass, distance_mpc, named_class`` and the magnitudes ``g, r, i``, or fluxes in their place
        (of the Legacy Surveys, which have no i: masses then come from the labels alone).

    Returns
    -------
    ``label`` (S, NSL, LM, NM, HM, NS, AF or null) and ``reason`` (null where there is a label).

    Notes
    -----
    Where classes overlap, this order decides: AF, which is no galaxy whatever its redshift; NS, because somebody looked at
    it; then redshift and mass. A spiral nearer than NS allows is what its redshift and mass make it.
    """
    redshift, log_mass = column_values(rows, "redshift"), column_values(rows, "log_mass")
    g, r, i = (apparent(rows, band) for band in "gri")
    modulus = distance_modulus(redshift, column_values(rows, "distance_mpc"))
    log_mass = np.where(np.isfinite(log_mass), log_mass, taylor_log_mass(g - i, i - modulus))
    label = classes(redshift, log_mass, absolute_r=r - modulus)
    named = np.array([word or "" for word in rows["named_class"].to_pylist()], str)
    is_galaxy = np.array([word == "GALAXY" for word in rows["spec_class"].to_pylist()], bool)
    with np.errstate(invalid="ignore"):
        is_far_enough = redshift > SMALLEST_REDSHIFT
        label = np.where((named == "NS") & (redshift > SPIRAL_REDSHIFT), "NS", label)
    label = np.where(named == "AF", "AF", label)
    reason = np.select(
        [label == "AF", ~is_galaxy, ~is_far_enough, label != "", ~np.isfinite(log_mass)],
        ["", NO_GALAXY, NO_REDSHIFT, "", NO_MASS],
        NO_CLASS,
    )
    return pa.table({
        "label": pa.array([a if not b else None for a, b in zip(label.tolist(), reason.tolist(), strict=True)], pa.string()),
        "reason": pa.array([b or None for b in reason.tolist()], pa.string()),
    })  # fmt: skip


def classes(redshift: np.ndarray, log_mass: np.ndarray, absolute_r: np.ndarray) -> np.ndarray:
    """Boundaries of Table 1, strict as printed; an empty string outside all.

    The five classes do not overlap: each redshift belongs to at most one range, and below 0.02 the masses of S and LM are
    apart. LM's fallback by magnitude holds only where no mass is known.
    """
    z, m = redshift, log_mass
    with np.errstate(invalid="ignore"):
        conditions = {
            "S": (z < 0.02) & (m > 6) & (m < 9),
            "NSL": (z > 0.02) & (z < 0.05) & (m > 9) & (m < 9.75),
            "LM": (z < 0.02) & ((m > 9.5) | (~np.isfinite(m) & (absolute_r < MASSIVE_R))),
            "NM": (z > 0.05) & (z < 0.2) & (m > 9.25) & (m < 10),
            "HM": (z > 0.2) & (m > 10),
        }
    return np.select(list(conditions.values()), list(conditions), "")
