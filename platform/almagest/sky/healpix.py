"""HEALPix numbers of positions, and the ranges of numbers that cover a cone."""

from collections.abc import Sequence

import healpy
import numpy as np

from almagest.sky.separation import ARCSEC_PER_DEG, separation_arcsec

# NESTED, cells of 0.4 milliarcsec: one 64-bit number says where an object is.
ORDER = 29
LAST = 12 * 4**ORDER
# Rounding stands behind the numbers: a cone is covered a little wider than asked.
MARGIN_DEG = 1e-8
# A quarter of the sky and more is read whole.
WIDE_CONE_DEG = 60
# A cone is covered by cells of about an eighth of its radius: fewer would read too much, more take too long to find.
CELLS_PER_RADIUS = 8


def healpix_numbers(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """HEALPix numbers, NESTED, order 29; right ascension and declination in degrees, shape (n,); -1 where they are NaN."""
    is_there = ~(np.isnan(ra) | np.isnan(dec))
    numbers = np.full(np.shape(ra), -1, np.int64)
    numbers[is_there] = healpy.ang2pix(2**ORDER, ra[is_there], dec[is_there], nest=True, lonlat=True)
    return numbers


def cell_centres(order: int, cells: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Right ascension and declination in degrees of the centres of cells of an order, NESTED; each of shape (n,)."""
    return healpy.pix2ang(2**order, np.asarray(cells, np.int64), nest=True, lonlat=True)


def cell_size_deg(order: int) -> float:
    """Side of a square as large as a cell of an order."""
    return healpy.nside2resol(2**order, arcmin=True) / 60


def cone_ranges(ra: float, dec: float, radius_deg: float) -> np.ndarray:
    """Ranges of HEALPix numbers that hold every position within the radius, and some beyond it.

    From large cells to small ones, those are kept whose centre lies within the radius and the farthest corner of any cell of
    their order: what a cell holds is never farther from its centre, so nothing is lost at any step.

    Returns
    -------
    Shape (n, 2), int64: ranges from the first number to before the second, in order, none touching the next.
    """
    radius = radius_deg + MARGIN_DEG
    if radius >= WIDE_CONE_DEG:
        return np.array([[0, LAST]])
    smallest, order = cone_order(radius), neighbourhood_order(radius)
    cells = around(order, healpix_numbers(np.array([ra]), np.array([dec])) >> 2 * (ORDER - order))
    while True:
        reach = radius + np.degrees(healpy.max_pixrad(2**order))
        cells = cells[separation_arcsec(ra, dec, *cell_centres(order, cells)) <= reach * ARCSEC_PER_DEG]
        if order == smallest:
            return ranges_of(order, cells)
        order, cells = order + 1, (4 * cells[:, None] + np.arange(4)).ravel()


def cone_order(radius_deg: float) -> int:
    """The order whose cells suit a cone of that radius."""
    base_deg = healpy.nside2resol(1, arcmin=True) / 60
    return int(np.clip(np.floor(np.log2(CELLS_PER_RADIUS * base_deg / radius_deg)), 0, ORDER))


def merged(ranges: np.ndarray) -> np.ndarray:
    """Sort ranges and join those that touch; shape (n, 2) to (m, 2)."""
    ranges = ranges[np.argsort(ranges[:, 0])]
    if not len(ranges):
        return ranges
    reach = np.maximum.accumulate(ranges[:, 1])
    starts = np.concatenate([[True], ranges[1:, 0] > reach[:-1]])
    ends = np.concatenate([starts[1:], [True]])
    return np.stack([ranges[starts, 0], reach[ends]], axis=1)


def neighbourhood_ranges(numbers: np.ndarray, radius_deg: float) -> np.ndarray:
    """Ranges that hold every position within the radius of any of the cells `numbers` (order 29).

    Each cell of an order is covered with its eight neighbours. That holds while the radius is less than a cell's
    smallest width, 0.70 of the root of its area: the order is chosen so that it is at most half of that root.
    """
    order = neighbourhood_order(radius_deg + MARGIN_DEG)
    return ranges_of(order, around(order, np.unique(numbers >> 2 * (ORDER - order))))


def neighbourhood_order(radius_deg: float) -> int:
    """The smallest cells whose neighbours hold all within that radius of any place in them; base cells where none are large enough."""
    base_deg = healpy.nside2resol(1, arcmin=True) / 60
    return int(np.clip(np.floor(np.log2(base_deg / (2 * radius_deg))), 0, ORDER))


def around(order: int, cells: np.ndarray) -> np.ndarray:
    """Cells of an order and their neighbours, each once and in order; of base cells all, which are few."""
    if order == 0:
        return np.arange(12)
    found = np.unique(np.concatenate([cells, healpy.get_all_neighbours(2**order, cells, nest=True).ravel()]))
    return found[found >= 0].astype(np.int64)


def ranges_of(order: int, cells: np.ndarray) -> np.ndarray:
    """The numbers in these cells of an order, shape (n, 2)."""
    shift = 2 * (ORDER - order)
    first = cells.astype(np.int64) << shift
    return merged(np.stack([first, first + (np.int64(1) << shift)], axis=1))
