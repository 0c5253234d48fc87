"""The true objects of a simulated sky, whatever their kind, in one table of arrays."""

import numpy as np
from scipy.special import ndtr, ndtri

from dwarf_galaxies.simulation import artifacts, places, population, sky
from dwarf_galaxies.simulation.colours import Columns
from dwarf_galaxies.simulation.population import COUNTS

COLUMNS = ("redshift", "log_mass", "is_blue", "radius", "sersic", "axis_ratio", "pedestal", "g", "r", "z", "w1", "w2",
           "w3", "w4")  # fmt: skip


def class_names(size: int, random: np.random.Generator) -> np.ndarray:
    """Classes in the proportions of Table 1, as exactly as `size` allows, shuffled."""
    exact = np.array(list(COUNTS.values())) * size / sum(COUNTS.values())
    count = exact.astype(int)
    count[np.argsort(count - exact, kind="stable")[: size - count.sum()]] += 1
    return random.permutation(np.repeat(list(COUNTS), count))


def objects(names: np.ndarray, random: np.random.Generator) -> Columns:
    """True objects of the given classes (or kinds of `sky`), shape (n,) each.

    Returns
    -------
    ``name, cluster, ra, dec`` (degrees) and `COLUMNS`: redshift and log mass (NaN where there is none), half-light radius
    on the major axis (arcsec), Sersic index, axis ratio, and AB magnitudes without noise and dust.
    """
    cluster = places.clustered(names, random)
    ra, dec = places.positions(cluster, random)
    rows = {name: np.zeros(len(names), bool if name == "is_blue" else float) for name in COLUMNS}
    for name in dict.fromkeys(names.tolist()):
        index = np.flatnonzero(names == name)
        if name == "AF":
            part = artifacts.drawn(len(index), random)
        elif name in population.KINDS:
            part = _with_members(population.drawn(name, len(index), random), cluster[index], random)
        else:
            part = sky.drawn(name, len(index), random)
        for column in COLUMNS:
            rows[column][index] = part[column]
    return {"name": names, "cluster": cluster, "ra": ra, "dec": dec} | rows


def _with_members(rows: Columns, cluster: np.ndarray, random: np.random.Generator) -> Columns:
    """Members of clusters take the cluster's redshift and distance; their radius stays above the sample's limit."""
    for name, (_, _, _, redshift, scatter, limits, distance) in places.CLUSTERS.items():
        index = np.flatnonzero(cluster == name)
        if len(index):
            low, high = ndtr((np.array(limits) - redshift) / scatter)
            z = redshift + scatter * ndtri(random.uniform(low, high, len(index)))
            member = population.galaxies(z, rows["log_mass"][index], np.full(len(index), distance), random)
            member["radius"] = np.maximum(member["radius"], population.SMALLEST_RADIUS)
            for column in COLUMNS:
                rows[column][index] = member[column]
    return rows
