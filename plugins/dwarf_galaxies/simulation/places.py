"""Positions on the survey's footprint, and the bricks they are in."""

import numpy as np

# North pole of the Galaxy, ICRS degrees.
POLE_RA, POLE_DEC = 192.8595, 27.1284
# Figure 1 of the paper: both caps of the Galaxy from this latitude on, declinations -68 to 84, below -18 in the south only.
LOWEST_LATITUDE, SOUTH, DES_NORTH, NORTH = 20.0, -68.0, -18.0, 84.0
# North of this, in the northern cap, BASS and MzLS observed: release 9011, the rest is DECam's, 9010.
BASS_SOUTH = 32.375
BRICK = 0.25
# Clusters: ra, dec, radius of the members (sigma, degrees), redshift and its scatter, redshift limits, distance in Mpc.
# Centres and extents as in the paper's Figure 8; distances of Mei et al. 2007 and Blakeslee et al. 2009.
CLUSTERS = {
    "Virgo": (187.71, 12.39, 2.75, 0.0038, 0.0023, (0.0012, 0.0099), 16.5),
    "Fornax": (54.62, -35.45, 0.86, 0.0047, 0.0012, (0.0020, 0.0080), 20.0),
    "Coma": (194.95, 27.98, 0.83, 0.0231, 0.0033, (0.0203, 0.0330), 100.0),
}
# Share of a class in each cluster; Coma is too far for the local classes.
MEMBERS = {"S": {"Virgo": 0.10, "Fornax": 0.03}, "LM": {"Virgo": 0.08, "Fornax": 0.02}, "NSL": {"Coma": 0.02}}


def sine_of_latitude(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Sine of the Galactic latitude of ICRS positions in degrees."""
    ra, dec, pole = np.radians(ra - POLE_RA), np.radians(dec), np.radians(POLE_DEC)
    return np.sin(dec) * np.sin(pole) + np.cos(dec) * np.cos(pole) * np.cos(ra)


def footprint(count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Right ascensions and declinations in degrees, uniform on the footprint."""
    parts, missing = [], count
    low, high = np.sin(np.radians([SOUTH, NORTH]))
    while missing > 0:
        ra = random.uniform(0, 360, 3 * missing + 100)
        dec = np.degrees(np.arcsin(random.uniform(low, high, len(ra))))
        latitude = sine_of_latitude(ra, dec)
        is_inside = np.abs(latitude) > np.sin(np.radians(LOWEST_LATITUDE))
        is_inside &= (dec > DES_NORTH) | (latitude < 0)
        parts.append(np.stack([ra, dec])[:, is_inside][:, :missing])
        missing -= parts[-1].shape[1]
    return tuple(np.concatenate(parts, axis=1)) if parts else (np.empty(0), np.empty(0))


def clustered(names: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Name of the cluster that each object of these classes belongs to; empty in the field."""
    cluster, chance = np.full(len(names), "", "U6"), random.random(len(names))
    for name, shares in MEMBERS.items():
        edge = 0.0
        for where, share in shares.items():
            cluster[(names == name) & (chance >= edge) & (chance < edge + share)] = where
            edge += share
    return cluster


def positions(cluster: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """On the footprint, and around the centre for members."""
    ra, dec = footprint(len(cluster), random)
    for name, (centre_ra, centre_dec, width, *_) in CLUSTERS.items():
        index = np.flatnonzero(cluster == name)
        dec[index] = centre_dec + width * random.standard_normal(len(index))
        offset = width * random.standard_normal(len(index))
        ra[index] = (centre_ra + offset / np.cos(np.radians(dec[index]))) % 360
    return ra, dec


def is_northern(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Whether BASS and MzLS observed it."""
    return (dec > BASS_SOUTH) & (sine_of_latitude(ra, dec) > 0)


def _rows() -> tuple[np.ndarray, np.ndarray]:
    """Bricks in each of the 721 rows of declination, and their number before it."""
    edges = (np.arange(722) * BRICK - 90 - BRICK / 2).clip(-90, 90)
    widest = np.cos(np.radians(np.minimum(np.abs(edges[:-1]), np.abs(edges[1:]))))
    widest[np.sign(edges[:-1]) != np.sign(edges[1:])] = 1.0
    count = (2 * np.ceil(180 * widest / BRICK)).astype(int)
    count[[0, -1]] = 1
    return count, np.concatenate([[0], np.cumsum(count)[:-1]])


def bricks(ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number and name of the brick at each position: the survey's own scheme of 662,174 bricks."""
    count, before = _rows()
    row = ((dec + 90 + BRICK / 2) // BRICK).astype(int)
    column = (ra / 360 * count[row]).astype(int)
    centre_ra, centre_dec = (column + 0.5) * 360 / count[row], row * BRICK - 90
    tenths = np.char.zfill((np.abs(centre_dec) * 10).astype(int).astype("U3"), 3)
    sign = np.where(centre_dec < 0, "m", "p")
    name = np.char.add(np.char.add(np.char.zfill((centre_ra * 10).astype(int).astype("U4"), 4), sign), tenths)
    return (before[row] + column + 1).astype(np.int32), name
