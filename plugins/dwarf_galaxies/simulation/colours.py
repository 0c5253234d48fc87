"""Colours and apparent magnitudes of simulated galaxies, from stellar mass, redshift and population.

Constants that were measured say on which table and how many of its rows; those tables are not needed here. What was set
by hand says so; values from the literature are recalled and rounded, not copied from its tables.
"""

import numpy as np

Columns = dict[str, np.ndarray]

# Absolute magnitude of the Sun in r, AB, with which the next relation was fitted.
SUN_R = 4.65
# log10 of stellar mass over r luminosity = intercept + slope (g - i): SAMI DR3 input catalogue, 5,406 rows, scatter 0.03.
MASS_TO_LIGHT = (-0.579, 0.695)
# Rest-frame g - i: (intercept at 10^10, slope a dex, scatter), below and above 10^9.75 solar masses. SAMI, rows: red 595
# and 3,241, blue 1,208 and 404; the 469 red dwarfs of the EVCC agree within 0.04 mag.
G_I_RED = ((1.114, 0.128, 0.14), (1.087, 0.225, 0.10))
G_I_BLUE = ((0.683, 0.126, 0.11), (0.722, 0.163, 0.08))
# g - r = intercept + slope (g - i), with scatter: one line by hand through three fits to the EVCC, 0.032 + 0.573 (469 red
# dwarfs), 0.096 + 0.464 (165 blue ones), 0.021 + 0.610 (galaxies above 10^9).
G_R = (0.04, 0.575, 0.035)
# r - z = intercept + slope (g - r), with scatter, in Legacy Surveys magnitudes: 1,233 DR8 hosts, r 13 to 19, z < 0.1.
R_Z = (-0.053, 0.794, 0.045)
# How colours and the r magnitude change from rest to redshift: set by hand, not fitted. Red, below z = 0.2: the upper edge
# of SDSS DR14's galaxies; above: the known run of the red sequence, held against g - r and z - W1 of the DR10 LRGs (6,826
# rows, without redshifts) at their r - z. Blue: recalled from the Scd and Im templates of Coleman, Wu & Weedman 1980. `r` is
# a k-correction like those of Chilingarian et al. 2010, less 0.7 z mag of evolution.
NODES = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0])
RED = {
    "g-r": [0.0, 0.20, 0.42, 0.66, 0.88, 1.00, 1.05, 1.08, 1.10, 1.10],
    "r-z": [0.0, 0.04, 0.08, 0.14, 0.23, 0.38, 0.58, 0.82, 1.05, 1.30],
    "z-w1": [0.0, 0.13, 0.28, 0.44, 0.70, 1.02, 1.20, 1.40, 1.60, 1.78],
    "w1-w2": [0.0, 0.06, 0.20, 0.26, 0.23, 0.17, 0.12, 0.10, 0.12, 0.16],
    "r": [0.0, 0.03, 0.08, 0.14, 0.25, 0.40, 0.58, 0.76, 0.94, 1.20],
}
BLUE = {
    "g-r": [0.0, 0.10, 0.20, 0.28, 0.35, 0.37, 0.35, 0.28, 0.20, 0.10],
    "r-z": [0.0, 0.02, 0.05, 0.10, 0.15, 0.24, 0.35, 0.43, 0.50, 0.55],
    "z-w1": [0.0, 0.12, 0.26, 0.38, 0.50, 0.63, 0.75, 0.83, 0.90, 1.00],
    "w1-w2": [0.0, 0.06, 0.16, 0.22, 0.20, 0.16, 0.12, 0.12, 0.14, 0.18],
    "r": [0.0, -0.04, -0.06, -0.08, -0.08, -0.05, -0.02, 0.02, 0.09, 0.00],
}
# z - W1 at rest = intercept + slope (g - r - 0.7): set by hand to the extended rows of the six DR8 files, a dozen.
Z_W1, Z_W1_SCATTER = (-0.10, 0.6), {"red": 0.10, "blue": 0.18}
# W1 - W2, W2 - W3 and W3 - W4 at rest, AB: where ellipticals and spirals lie in Jarrett et al. 2011, roughly, from Vega.
INFRARED_RED = {"w1-w2": (-0.66, 0.05), "w2-w3": (-1.0, 0.4), "w3-w4": (0.0, 0.5)}
INFRARED_BLUE = {"w1-w2": (-0.54, 0.08), "w2-w3": (1.3, 0.5), "w3-w4": (0.7, 0.4)}
STEPS = ("g-r", "r-z", "z-w1", "w1-w2", "w2-w3", "w3-w4")


def rest_g_i(log_mass: np.ndarray, is_blue: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Rest-frame g - i in mag, shape (n,)."""
    coefficients = np.where(
        is_blue[:, None],
        np.where((log_mass > 9.75)[:, None], G_I_BLUE[1], G_I_BLUE[0]),
        np.where((log_mass > 9.75)[:, None], G_I_RED[1], G_I_RED[0]),
    ).T
    return coefficients[0] + coefficients[1] * (log_mass - 10) + coefficients[2] * random.standard_normal(len(log_mass))


def magnitudes(redshift, distance_mpc, log_mass, is_blue, random: np.random.Generator) -> Columns:
    """Apparent AB magnitudes before dust, ``{band: shape (n,)}`` for g, r, z, w1 to w4.

    Parameters
    ----------
    redshift, distance_mpc, log_mass, is_blue
        Shape (n,); luminosity distance in Mpc, decimal logarithm of solar masses.
    """
    g_i = rest_g_i(log_mass, is_blue, random)
    shift = {key: np.where(is_blue, *(np.interp(redshift, NODES, t[key]) for t in (BLUE, RED))) for key in RED}
    absolute_r = SUN_R + 2.5 * (MASS_TO_LIGHT[0] + MASS_TO_LIGHT[1] * g_i - log_mass)
    noise = random.standard_normal((6, len(g_i)))
    g_r = G_R[0] + G_R[1] * g_i + G_R[2] * noise[0]
    z_w1_scatter = np.where(is_blue, Z_W1_SCATTER["blue"], Z_W1_SCATTER["red"])
    infrared = {
        key: np.where(is_blue, b, r) + np.where(is_blue, b_scatter, r_scatter) * noise[k + 3]
        for k, ((key, (r, r_scatter)), (b, b_scatter)) in enumerate(
            zip(INFRARED_RED.items(), INFRARED_BLUE.values(), strict=True)
        )
    }
    colour = infrared | {
        "g-r": g_r,
        "r-z": R_Z[0] + R_Z[1] * g_r + R_Z[2] * noise[1],
        "z-w1": Z_W1[0] + Z_W1[1] * (g_r - 0.7) + z_w1_scatter * noise[2],
    }
    r = absolute_r + shift["r"] + 5 * np.log10(distance_mpc) + 25
    return chained(r, {key: values + shift.get(key, 0.0) for key, values in colour.items()})


def chained(r: np.ndarray, colour: Columns) -> Columns:
    """Magnitudes from the r magnitude and the colours of `STEPS`."""
    magnitude = {"g": r + colour["g-r"], "r": r}
    for step in STEPS[1:]:
        bluer, redder = step.split("-")
        magnitude[redder] = magnitude[bluer] - colour[step]
    return magnitude
