"""Light that is no galaxy, listed as one: the kinds that the paper names for its class AF.

All numbers are assumptions, in words in the README beside: no table at hand lists artifacts.
"""

from dataclasses import dataclass

import numpy as np

from dwarf_galaxies.simulation.colours import STEPS, Columns, chained

Range = tuple[float, float]


@dataclass(frozen=True)
class Kind:
    """One kind: ranges are uniform, colours are mean and scatter in mag, in the order of `STEPS`.

    `pedestal` is the light of what lies around (host, halo) inside 7 arcsec, over the source's own; log-normal, median.
    """

    share: float
    r: Range
    radius: Range
    sersic: Range
    axis_ratio: Range
    colours: tuple[Range, Range, Range, Range, Range, Range]
    pedestal: float


KINDS = {
    # Reflections round bright stars: nearly flat discs, in each band as the optics have it; the star itself is what WISE sees.
    "halo": Kind(0.20, (17, 21), (3, 12), (0.5, 0.9), (0.7, 1.0),
                 ((0.45, 0.35), (0.25, 0.35), (-0.6, 0.9), (-0.60, 0.15), (-1.5, 0.6), (-0.3, 0.8)), 0.6),
    # Long and thin, and of one exposure: the bands disagree.
    "spike": Kind(0.15, (17, 21), (2, 8), (0.5, 0.8), (0.15, 0.3),
                  ((0.50, 0.55), (0.30, 0.55), (-0.8, 0.9), (-0.60, 0.25), (-1.5, 0.8), (-0.3, 0.8)), 0.3),
    # Dust that reflects starlight: redder in g - r and bluer in r - z than galaxies (Roman et al. 2020), and warm in W3.
    "cirrus": Kind(0.15, (17.5, 21), (3, 15), (0.5, 0.9), (0.3, 0.9),
                   ((0.60, 0.15), (0.15, 0.15), (-1.2, 0.7), (-0.30, 0.30), (3.0, 0.6), (0.5, 0.6)), 0.7),
    # Stars of the bright host: its colours, low brightness, drawn out.
    "tidal": Kind(0.20, (17, 20.5), (2, 8), (0.5, 1.3), (0.2, 0.8),
                  ((0.60, 0.12), (0.36, 0.10), (-0.20, 0.35), (-0.60, 0.12), (0.3, 0.9), (0.3, 0.7)), 0.5),
    # Star-forming regions in arms: small, blue, emission lines in one band, on top of the disc, which WISE cannot separate.
    "knot": Kind(0.30, (16.5, 20.5), (1.03, 3), (0.5, 2.0), (0.4, 1.0),
                 ((0.20, 0.22), (-0.05, 0.25), (-0.30, 0.60), (-0.45, 0.15), (1.9, 0.6), (0.9, 0.5)), 0.9),
}  # fmt: skip


def drawn(count: int, random: np.random.Generator) -> Columns:
    """`count` artifacts with the columns of `population.galaxies` and `kind`; redshift and mass are NaN."""
    which = random.choice(len(KINDS), count, p=[kind.share for kind in KINDS.values()])
    low, high = (
        np.array([[getattr(k, name)[side] for name in ("r", "radius", "sersic", "axis_ratio")] for k in KINDS.values()])
        for side in (0, 1)
    )
    uniform = (low + (high - low) * random.random((count, 1, 4)))[np.arange(count), which].T
    colours = np.array([kind.colours for kind in KINDS.values()])[which]
    colour = (colours[..., 0] + colours[..., 1] * random.standard_normal((count, len(STEPS)))).T
    pedestal = np.array([kind.pedestal for kind in KINDS.values()])[which]
    none = np.full(count, np.nan)
    return {
        "redshift": none, "log_mass": none, "is_blue": np.zeros(count, bool),
        "radius": uniform[1], "sersic": uniform[2], "axis_ratio": uniform[3],
        "pedestal": pedestal * np.exp(0.6 * random.standard_normal(count)),
        "kind": np.array(list(KINDS))[which],
        **chained(uniform[0], dict(zip(STEPS, colour, strict=True))),
    }  # fmt: skip
