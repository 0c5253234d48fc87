"""What is on the sky beside the classes: stars, and the many galaxies that are too faint or too small to be classed."""

import numpy as np

from dwarf_galaxies.simulation.colours import Columns
from dwarf_galaxies.simulation.population import distance_mpc, galaxies

# Shares of all rows, chosen so that the cuts of the paper's Table 6 leave about what they leave there. The classes are in
# the proportions of Table 7; S, NSL and LM ten times those, or a small table would hold none.
SHARES = {"star": 0.300, "small": 0.648, "dim": 0.027}
CLASSES = {"S": 0.0007, "NSL": 0.0006, "LM": 0.0001, "NM": 0.0041, "HM": 0.0140, "NS": 0.0003, "AF": 0.0045}
# Redshifts of faint galaxies: gamma distribution with the median 0.65 of r < 24 (Coil et al. 2004).
FAINT_REDSHIFT = (2.2, 0.33)
# r magnitudes: brightest, faintest, and growth of the counts in dex a magnitude.
STARS, SMALL, EXTENDED = (14.0, 24.8, 0.12), (20.5, 25.6, 0.36), (21.3, 22.7, 0.45)


def names(count: int, random: np.random.Generator) -> np.ndarray:
    """Kind of each row: ``star``, ``small``, ``dim`` or a class of Table 1."""
    shares = SHARES | CLASSES
    weights = np.array(list(shares.values()))
    return random.choice(list(shares), count, p=weights / weights.sum())


def stars(count: int, random: np.random.Generator) -> Columns:
    """Point sources along the stellar locus (Covey et al. 2007), r 14 to 24, W1 - W2 of Rayleigh-Jeans light."""
    g_r = 0.35 + 1.15 * random.beta(1.2, 1.0, count)
    r_z = np.where(g_r < 1.3, 0.05 + 0.5 * (g_r - 0.35), 0.53 + 5.0 * (g_r - 1.3)) + 0.05 * random.standard_normal(
        count
    )
    r = _magnitudes(*STARS, count, random)
    z_w1 = -0.9 + 0.45 * r_z + 0.08 * random.standard_normal(count)
    w1 = r - r_z - z_w1
    none, zero = np.full(count, np.nan), np.zeros(count)
    return {
        "redshift": none, "log_mass": none, "is_blue": np.zeros(count, bool), "radius": zero,
        "sersic": np.ones(count), "axis_ratio": np.ones(count), "pedestal": zero, "g": r + g_r, "r": r, "z": r - r_z,
        "w1": w1, "w2": w1 + 0.65, "w3": w1 + 2.45, "w4": w1 + 3.9,
    }  # fmt: skip


def faint(count: int, is_extended: bool, random: np.random.Generator) -> Columns:
    """Faint galaxies, scaled to the number counts and to radii on one side of 1 arcsec."""
    redshift = random.gamma(*FAINT_REDSHIFT, count).clip(0.05, 1.29)
    log_mass = random.normal(9.6, 0.7, count).clip(7.5, 11.5)
    rows = galaxies(redshift, log_mass, distance_mpc(redshift), random)
    wanted = _magnitudes(*(EXTENDED if is_extended else SMALL), count, random)
    shift = wanted - rows["r"]
    radius = random.lognormal(np.log(1.35), 0.25, count) if is_extended else random.lognormal(np.log(0.38), 0.4, count)
    limits = (1.02, 6.0) if is_extended else (0.1, 0.70)
    return rows | {band: rows[band] + shift for band in ("g", "r", "z", "w1", "w2", "w3", "w4")} | {
        "radius": radius.clip(*limits), "sersic": rows["sersic"].clip(0.5, 4.0)
    }  # fmt: skip


def drawn(name: str, count: int, random: np.random.Generator) -> Columns:
    """`count` rows of one of the kinds of `SHARES`."""
    return stars(count, random) if name == "star" else faint(count, name == "dim", random)


def _magnitudes(bright: float, limit: float, slope: float, count: int, random: np.random.Generator) -> np.ndarray:
    """Magnitudes whose numbers grow by `slope` dex a magnitude."""
    low, high = 10 ** (slope * bright), 10 ** (slope * limit)
    return np.log10(random.uniform(low, high, count)) / slope
