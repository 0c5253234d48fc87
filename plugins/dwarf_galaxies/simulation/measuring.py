"""What a survey's pipeline measures of the true objects: fluxes, apertures, shapes, types, masks."""

import numpy as np

from dwarf_galaxies.simulation import noise, places
from dwarf_galaxies.simulation.colours import Columns
from dwarf_galaxies.simulation.noise import APERTURES, BANDS, OPTICAL
from dwarf_galaxies.simulation.profiles import enclosed, noise_area

# Half-light radii shrink towards the red as (wavelength / r's) to this power, for discs and for red galaxies: Kelvin et al.
# 2012, Figure 21. The tractor fits one shape to all bands; the apertures see the difference.
GRADIENT_BLUE, GRADIENT_RED = -0.13, -0.20
MICRONS = {"g": 0.48, "r": 0.64, "z": 0.92, "w1": 3.4, "w2": 4.6, "w3": 12.0, "w4": 22.0}
# Spirals and clumps: scatter of the radius from band to band.
IRREGULARITY = 0.04
# Smallest radius for which the pipeline prefers a galaxy to a point, and below which it is a round exponential (REX).
POINT, ROUND = 0.15, 0.6
# Sersic index between the exponential and the de Vaucouleurs model.
BETWEEN = 2.2
# Radius of the round exponential that galdepth is given for.
DEPTH_RADIUS = 0.45
# Share of the model's signal to noise that tells the radius, and its error where noise does not matter.
SHAPE_ERROR, SHAPE_FLOOR = 1.3, 0.02
# Shares of objects with some bit set, of galaxies of the labelled sample, of artifacts, and of everything on the sky.
MASKED = {"galaxy": (0.02, 0.01, 0.005), "AF": (0.20, 0.08, 0.02), "sky": (0.025, 0.015, 0.003)}
# Bits as the survey uses them: bright star 2, saturation 4-16, bright neighbour 2048, large galaxy 4096.
MASK_BITS = np.array([2, 4, 8, 16, 2048, 4096], np.int16)
OVERLAP = 0.03


def measured(truth: Columns, random: np.random.Generator, *, labelled: bool = True) -> Columns:
    """Measurements of true objects, as the files of the survey name them but in lower case; nmgy, not corrected for dust.

    Parameters
    ----------
    truth
        As `objects.objects` gives them.
    labelled
        Whether they are sources with spectra: these are all primary in their brick, and fewer are masked.
    """
    is_north = places.is_northern(truth["ra"], truth["dec"])
    place = noise.conditions(places.sine_of_latitude(truth["ra"], truth["dec"]), is_north, random)
    rows = {"is_north": is_north, "ebv": place["ebv"]}
    distance, other = noise.neighbours(len(is_north), random)
    for band in BANDS:
        rows |= _band(truth, place, band, distance, other.get(band), random)
    rows |= _shape(truth, rows, random)
    return rows | _masks(truth["name"], labelled, random)


def _band(truth: Columns, place: Columns, band: str, distance, other, random: np.random.Generator) -> Columns:
    """Fluxes, apertures and depths in one band; `other` is the neighbours' light at `distance`, or None."""
    psf, fwhm, apertures = "optical" if band in OPTICAL else "wise", place[f"psfsize_{band}"], APERTURES[band]
    shape = (truth["sersic"], truth["axis_ratio"], fwhm)
    zero, one = np.zeros(len(fwhm)), np.ones(len(fwhm))
    true = noise.nanomaggies(truth[band]) * place[f"transmission_{band}"]
    flux = true * np.exp(noise.CALIBRATION * random.standard_normal(len(fwhm)))
    light = flux[:, None] * enclosed(psf, _radius_in(truth, band, random), *shape, apertures)
    area = noise_area(psf, truth["radius"], *shape)
    sky = place[f"point_variance_{band}"] / noise_area(psf, zero, one, one, fwhm)
    variance = sky * area + (noise.CALIBRATION * true) ** 2
    fit_noise, aperture_noise = _noise(sky, area, apertures, random)
    model = (flux + fit_noise)[:, None] * enclosed(psf, truth["radius"], *shape, apertures)
    around = _around(flux * truth["pedestal"], distance, other, fwhm, apertures)
    return {
        f"flux_{band}": flux + fit_noise, f"flux_ivar_{band}": 1 / variance, f"snr_{band}": true / np.sqrt(variance),
        f"apflux_{band}": light + around + aperture_noise, f"apflux_resid_{band}": light + aperture_noise - model,
        f"apflux_ivar_{band}": 1 / (sky[:, None] * np.pi * np.square(apertures)),
        f"mw_transmission_{band}": place[f"transmission_{band}"], f"psfsize_{band}": fwhm, f"nea_{band}": area,
        f"psfdepth_{band}": 1 / place[f"point_variance_{band}"],
        f"galdepth_{band}": 1 / (sky * noise_area(psf, DEPTH_RADIUS * one, one, one, fwhm)),
    }  # fmt: skip


def _radius_in(truth: Columns, band: str, random: np.random.Generator) -> np.ndarray:
    """Half-light radius of the light in a band, in arcsec."""
    gradient = (MICRONS[band] / MICRONS["r"]) ** np.where(truth["is_blue"], GRADIENT_BLUE, GRADIENT_RED)
    return truth["radius"] * gradient * np.exp(IRREGULARITY * random.standard_normal(len(gradient)))


def _noise(sky, area, apertures, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Errors of the fitted flux, shape (n,), and inside the apertures, shape (n, apertures)."""
    circles = np.pi * np.square(apertures)
    pixels = noise.cumulative_noise(sky, apertures, random)
    # The fit sees the same sky as the circle of its own area: half of its variance is that circle's.
    like = np.abs(circles - area[:, None]).argmin(axis=1)
    of_circle = pixels[np.arange(len(sky)), like] / np.sqrt(sky * circles[like])
    fit = np.sqrt(sky * area / 2) * (of_circle + random.standard_normal(len(sky)))
    return fit, pixels + noise.sky_level(sky, apertures, random)


def _around(pedestal, distance, other, fwhm, apertures) -> np.ndarray:
    """Light inside the apertures that is not the source's: what it lies on, even over 7 arcsec, and its neighbours."""
    light = pedestal[:, None] * np.square(apertures) / 7.0**2
    return light if other is None else light + noise.neighbouring_light(distance, other, fwhm, apertures)


def _shape(truth: Columns, rows: Columns, random: np.random.Generator) -> Columns:
    """Type, radius, Sersic index and ellipticities as fitted, with their inverse variances (0 where not fitted)."""
    n, snr = len(truth["r"]), np.sqrt(sum(rows[f"snr_{band}"] ** 2 for band in OPTICAL))
    relative = np.hypot(SHAPE_ERROR / snr, SHAPE_FLOOR).clip(None, 0.4)
    radius = truth["radius"] * np.exp(relative * random.standard_normal(n))
    index = (truth["sersic"] * np.exp(1.5 * relative * random.standard_normal(n))).clip(0.5, 6)
    kind = np.where(truth["radius"] == 0, "PSF", _types(radius, index, truth["sersic"], snr))
    has_shape, angle = kind != "PSF", random.uniform(0, 2 * np.pi, n)
    fitted = {
        "type": kind, "snr": snr, "shape_r": np.where(has_shape, radius, 0),
        "shape_r_ivar": np.where(has_shape, 1 / np.square(relative * np.maximum(radius, 1e-3)), 0),
        "sersic": np.select([kind == "SER", kind == "DEV", has_shape], [index, 4.0, 1.0], 0.0),
        "sersic_ivar": np.where(kind == "SER", 1 / np.square(1.5 * relative * index), 0),
    }  # fmt: skip
    has_angle, length = np.isin(kind, ["EXP", "DEV", "SER"]), (1 - truth["axis_ratio"]) / (1 + truth["axis_ratio"])
    for name, part in (("shape_e1", np.cos(angle)), ("shape_e2", np.sin(angle))):
        fitted[name] = np.where(has_angle, length * part + relative * random.standard_normal(n) / 2, 0)
        fitted[f"{name}_ivar"] = np.where(has_angle, 4 / relative**2, 0)
    return fitted


def _types(radius, index, true_index, snr) -> np.ndarray:
    """Which model the pipeline would settle on: the simpler one unless the signal to noise pays for more."""
    nearest = np.where(index < BETWEEN, 1, 4)
    is_ser = (snr > 60) & (np.abs(np.log(index / nearest)) > 0.25 * (1 + 20 / snr))
    kind = np.where(is_ser, "SER", np.where(true_index < BETWEEN, "EXP", "DEV"))
    kind = np.where(snr < np.where(radius < ROUND, 120, 20), "REX", kind)
    return np.where(radius < POINT, "PSF", kind)


def _masks(names: np.ndarray, labelled: bool, random: np.random.Generator) -> Columns:
    """Bits of trouble; 0 for most."""
    others = MASKED["galaxy" if labelled else "sky"]
    mask, wise, touched = np.where(names[:, None] == "AF", MASKED["AF"], others).T
    n = len(names)
    bits = np.where(random.random(n) < mask, random.choice(MASK_BITS, n), 0)
    wise_bits = np.where(random.random((2, n)) < wise / 1.5, random.choice([1, 2, 4], (2, n)), 0)
    rows = {f"anymask_{b}": np.where(random.random(n) < touched, 2, 0) for b in OPTICAL}
    return rows | {
        **{f"allmask_{b}": np.where(random.random(n) < 0.2, rows[f"anymask_{b}"], 0) for b in OPTICAL},
        "maskbits": bits, "wisemask_w1": wise_bits[0], "wisemask_w2": wise_bits[1],
        "brick_primary": np.full(n, True) if labelled else random.random(n) >= OVERLAP,
    }  # fmt: skip
