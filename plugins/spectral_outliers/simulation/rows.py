"""Simulated galaxies and stars as a table, from formulas alone: the law suite trains on them."""

import numpy as np
import pyarrow as pa

from almagest.contract.spectra import with_arrays
from spectral_outliers.columns import GALAXY, STAR
from spectral_outliers.preparation import GRID
from spectral_outliers.simulation.galaxies import draw
from spectral_outliers.simulation.noise import written_noise
from spectral_outliers.simulation.stars import draw_stars
from spectral_outliers.simulation.templates import written_templates


def simulate(size: int, seed: int) -> pa.Table:
    """``survey``, ``source_id``, ``label``, the method's inputs and cut inputs, and spectra: two galaxies to one star."""
    random = np.random.default_rng(seed)
    stars = size // 3
    noise = written_noise()
    galaxies = draw(written_templates(), noise, size - stars, random)
    both = {
        name: np.concatenate([values, more])
        for (name, values), more in zip(galaxies.items(), draw_stars(noise, stars, random).values(), strict=True)
    }
    label = [GALAXY] * (size - stars) + [STAR] * stars
    rows = pa.table(
        {
            "survey": pa.array(["desi-spectra-simulated"] * size),
            "source_id": pa.array([f"simulated-{seed}-{number:06d}" for number in range(size)]),
            "label": pa.array(label),
            "redshift": pa.array(both["redshift"], pa.float64()),
            "spec_class": pa.array(label),
            "zwarning": pa.array(np.zeros(size, np.int64)),
        }
    ).take(pa.array(order := random.permutation(size)))
    return with_arrays(rows, both["flux"][order], both["ivar"][order], GRID)
