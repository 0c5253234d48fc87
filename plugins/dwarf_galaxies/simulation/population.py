"""Galaxies of the classes of Table 1: redshift, stellar mass, population, size and shape of each."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from dwarf_galaxies.labels import COSMOLOGY
from dwarf_galaxies.simulation.colours import Columns, magnitudes

# Table 1 of the paper: objects a class.
COUNTS = {"S": 9_256, "NSL": 29_093, "LM": 3_299, "NM": 65_068, "HM": 150_398, "NS": 21_294, "AF": 7_918}
# Section 2.3: the training sample holds half-light radii above 1 arcsec. A little more, since fitted radii scatter.
SMALLEST_RADIUS = 1.02
# Galaxies of a Schechter function: Baldry et al. 2012's two components (10.66; -0.35 and -1.47) taken as one.
SCHECHTER_LOG_MASS, SCHECHTER_SLOPE = 10.7, -1.3
# Share of red galaxies: least + most / (1 + exp(-(log mass - middle) / width)), by hand through bins of half a dex of the
# SAMI DR3 input catalogue (0.21, 0.22, 0.38, 0.54, 0.85, 0.96 from 10^8 on; 5,536 rows, red above 0.75 + 0.1 (m - 9)).
RED_SHARE = (0.18, 0.80, 9.75, 0.27)
# log10 of half-light radius (kpc, major axis) = intercept + slope (log mass - 9), scatter in dex. Above 10^9: SAMI, 3,536
# red and 957 blue rows. Below: EVCC at 16.5 Mpc, 469 red rows; blue is the mean of EVCC (165) and SAMI (802 rows).
SIZE_RED = ((0.113, 0.239, 0.155), (0.102, 0.339, 0.207))
SIZE_BLUE = ((0.320, 0.345, 0.230), (0.370, 0.241, 0.183))
# Sizes shrink as (1 + z) to these powers: van der Wel et al. 2014, early and late types.
SHRINKING_RED, SHRINKING_BLUE = -1.48, -0.75
# Beta distributions of 1 - b/a by moments: SAMI, 1,610 blue, 1,956 red below 10^10.5, 1,856 red above.
ELLIPTICITY_BLUE, ELLIPTICITY_RED, ELLIPTICITY_MASSIVE = (1.80, 2.47), (1.72, 2.09), (1.52, 2.54)
FLATTEST = 0.15
# log10 of the Sersic index by log mass, scatter in dex: after Kelvin et al. 2012 (n near 1 for discs, 4 for massive red
# galaxies) and exponential dwarfs (Eigenthaler et al. 2018).
SERSIC_MASSES = [6.0, 9.0, 10.0, 10.75, 11.5]
SERSIC_RED, SERSIC_BLUE, SERSIC_SCATTER = [-0.10, 0.10, 0.40, 0.58, 0.68], [-0.10, 0.0, 0.06, 0.15, 0.25], 0.13
SERSIC_LIMITS = (0.5, 6.0)
NEAREST_50_MPC = 0.0117
KPC_A_MPC_ARCSEC = 1000 * np.pi / 180 / 3600


@dataclass(frozen=True)
class Kind:
    """What a class is drawn from: redshifts, log masses, and the samples that it came from.

    `limits` are (share, r magnitude to which the survey is complete, width of the fall) of each source of spectra.
    """

    redshift: tuple[float, float]
    log_mass: tuple[float, float]
    limits: tuple[tuple[float, float, float], ...]
    blue_share: float | None = None
    # Share that comes from a catalogue of the nearest 50 Mpc.
    nearest: float = 0.0


SDSS, GAMA, WIGGLEZ = 17.77, 19.6, 21.8
KINDS = {
    "S": Kind((0.0012, 0.0198), (6.02, 8.98), ((0.75, SDSS, 0.1), (0.25, GAMA, 0.3)), nearest=0.45),
    "NSL": Kind((0.0202, 0.0498), (9.02, 9.73), ((0.85, SDSS, 0.1), (0.15, GAMA, 0.3))),
    "LM": Kind((0.0012, 0.0198), (9.52, 11.5), ((1.0, SDSS, 0.1),), nearest=0.45),
    "NM": Kind((0.0502, 0.1995), (9.27, 9.98), ((0.6, SDSS, 0.1), (0.4, 20.6, 0.4))),
    # Most of the paper's sources for z > 0.2 chose blue galaxies by their ultraviolet light (Drinkwater et al. 2018).
    "HM": Kind((0.2005, 1.0), (10.02, 11.9), ((0.3, 20.3, 0.4), (0.7, WIGGLEZ, 0.3)), blue_share=0.3),
    "NS": Kind((0.0302, 0.15), (9.4, 11.4), ((1.0, SDSS, 0.1),), blue_share=0.85),
}  # fmt: skip
REDSHIFTS = np.linspace(0.0005, 1.3, 2600)
DISTANCES = COSMOLOGY.luminosity_distance(REDSHIFTS).to_value("Mpc")


def distance_mpc(redshift: np.ndarray) -> np.ndarray:
    """Luminosity distance, interpolated."""
    return np.interp(redshift, REDSHIFTS, DISTANCES)


def schechter(low: float, high: float, count: int, random: np.random.Generator) -> np.ndarray:
    """Log masses between two, as many as the mass function says."""
    nodes = np.linspace(low, high, 400)
    ratio = 10 ** (nodes - SCHECHTER_LOG_MASS)
    below = np.cumsum(ratio ** (SCHECHTER_SLOPE + 1) * np.exp(-ratio))
    return np.interp(random.random(count), (below - below[0]) / (below[-1] - below[0]), nodes)


def proposals(kind: Kind, count: int, random: np.random.Generator) -> Columns:
    """Galaxies in the kind's volume, whether or not a survey would have taken them."""
    top = np.where(random.random(count) < kind.nearest, NEAREST_50_MPC, kind.redshift[1])
    # Volume grows as the cube of distance, which redshift follows well enough inside each range.
    redshift = np.cbrt(random.uniform(kind.redshift[0] ** 3, top**3))
    log_mass = schechter(*kind.log_mass, count, random)
    return galaxies(redshift, log_mass, distance_mpc(redshift), random, kind.blue_share)


def galaxies(redshift, log_mass, distance, random: np.random.Generator, blue_share: float | None = None) -> Columns:
    """Everything about galaxies of these redshifts, masses and luminosity distances (Mpc): light, size, shape."""
    least, most, middle, width = RED_SHARE
    share = 1 - least - most * expit((log_mass - middle) / width) if blue_share is None else blue_share
    is_blue = random.random(len(redshift)) < share
    size = np.where(
        is_blue[:, None],
        np.where((log_mass > 9)[:, None], SIZE_BLUE[1], SIZE_BLUE[0]),
        np.where((log_mass > 9)[:, None], SIZE_RED[1], SIZE_RED[0]),
    ).T
    noise = random.standard_normal((2, len(redshift)))
    log_kpc = size[0] + size[1] * (log_mass - 9) + size[2] * noise[0]
    log_kpc += np.where(is_blue, SHRINKING_BLUE, SHRINKING_RED) * np.log10(1 + redshift)
    log_n = np.where(is_blue, *(np.interp(log_mass, SERSIC_MASSES, t) for t in (SERSIC_BLUE, SERSIC_RED)))
    shape = np.where(is_blue[:, None], ELLIPTICITY_BLUE, ELLIPTICITY_RED)
    shape = np.where((~is_blue & (log_mass > 10.5))[:, None], ELLIPTICITY_MASSIVE, shape).T
    return {
        "redshift": redshift, "log_mass": log_mass, "is_blue": is_blue,
        "radius": 10**log_kpc / (distance / (1 + redshift) ** 2) / KPC_A_MPC_ARCSEC,
        "sersic": (10 ** (log_n + SERSIC_SCATTER * noise[1])).clip(*SERSIC_LIMITS),
        "axis_ratio": (1 - random.beta(*shape)).clip(FLATTEST, 1.0),
        "pedestal": np.zeros(len(redshift)),
        **magnitudes(redshift, distance, log_mass, is_blue, random),
    }  # fmt: skip


def is_taken(rows: Columns, kind: Kind, random: np.random.Generator) -> np.ndarray:
    """Whether a spectroscopic survey would have a redshift of it, and its radius is above the sample's limit."""
    share, limit, width = np.array(kind.limits).T
    which = random.choice(len(share), len(rows["r"]), p=share)
    is_bright = random.random(len(which)) < expit((limit[which] - rows["r"]) / width[which])
    return is_bright & (rows["radius"] > SMALLEST_RADIUS)


def drawn(name: str, count: int, random: np.random.Generator) -> Columns:
    """`count` galaxies of one class."""
    parts, missing = [], count
    while missing > 0:
        rows = proposals(KINDS[name], min(4 * missing + 200, 200_000), random)
        index = np.flatnonzero(is_taken(rows, KINDS[name], random))[:missing]
        parts.append({column: values[index] for column, values in rows.items()})
        missing -= len(index)
    return {column: np.concatenate([part[column] for part in parts]) for column in parts[0]} if parts else {}
