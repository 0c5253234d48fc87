"""Small drawings of spectra, many on a page: SVG that takes the page's colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from almagest.spectra.lines import LINES, air_to_vacuum
from almagest.spectra.selectors import ObjectSpectrum, spectra_list

BINS = 250
# In units of the drawing, which a page makes as large as it likes; below the spectrum stand the wavelengths, above it the lines' names.
WIDTH, HEIGHT, ABOVE, BELOW = 640, 250, 26, 28
# A part of a bin is drawn beside its mean where three neighbours stand out by so many times their errors: a line, not a cosmic ray.
STANDS_OUT = 5.0
# Where errors are so many times larger than usual, noise would say how high the drawing is.
NOISY = 4.0
# Redshifts below are those of stars, where emission lines of nebulae are not looked for.
STARS_BELOW = 0.002
MARKED = ("Lyα", "C IV", "C III]", "Mg II", "[O II]", "Ca II K", "Hβ", "[O III]", "Mg I b", "Na I D", "Hα")
# Names nearer to one another than that would lie upon each other.
APART = 62
# Of an object: wavelengths in vacuum in angstroms, and the flux that a model expects there, NaN where it says nothing.
Model = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Curve:
    """What is drawn of a spectrum, each of shape (n,): wavelengths in angstroms, flux (NaN: a gap), whether it is well known."""

    wavelength: np.ndarray
    flux: np.ndarray
    is_sure: np.ndarray


def thumbnails(
    *, user, object_ids: Sequence[int], models: Mapping[int, Model] = MappingProxyType({})
) -> dict[int, SafeString]:
    """Drawings of the spectra of objects as inline SVG, by object; those without one that the user may see are left out.

    Parameters
    ----------
    models
        What a model makes of some of them, to be drawn over the data.
    """
    spectra = spectra_list(user=user, object_ids=object_ids)
    return {each.object_id: drawn(each, models.get(each.object_id)) for each in spectra}


def drawn(found: ObjectSpectrum, model: Model | None = None) -> SafeString:
    """One of them."""
    spectrum = found.spectrum
    x = air_to_vacuum(spectrum.wavelength) if spectrum.medium == "air" else spectrum.wavelength
    weight = _weight(found)
    known = np.flatnonzero(weight)
    part = slice(known[0], known[-1] + 1)
    x, flux, weight = x[part], spectrum.flux[part].astype(np.float64), weight[part]
    data = curve(x, flux, weight)
    frame = _Frame(x[0], x[-1], *_worth_seeing(data))
    parts = [f"<title>{escape(_title(found))}</title>", *_marks(found, frame), _path("flux", data, frame)]
    if model is not None:
        expected = np.interp(x, *model, left=np.nan, right=np.nan)
        parts.append(_path("model", curve(x, expected, np.where(np.isfinite(expected), weight, 0)), frame))
    box = f'viewBox="0 0 {WIDTH} {ABOVE + HEIGHT + BELOW}"'
    return mark_safe(
        f'<svg class="thumbnail" {box} role="img">{"".join(parts)}</svg>'
    )  # each part is escaped where it is made


def curve(wavelength: np.ndarray, flux: np.ndarray, weight: np.ndarray) -> Curve:
    """Means over `BINS` parts of equally many bins, weighted; and what stands out in them, which a mean would hide.

    Parameters
    ----------
    wavelength, flux, weight
        Shape (n,); the weight is the inverse variance, 0 where a bin is not to be used; not everywhere.
    """
    n = len(flux)
    bins = min(BINS, n)
    part = np.arange(n) * bins // n
    known = weight > 0
    flux = np.where(known, flux, 0)
    total = np.bincount(part, weight, bins)
    middle = np.bincount(part, wavelength) / np.bincount(part)
    mean = np.divide(np.bincount(part, weight * flux), total, out=np.full(bins, np.nan), where=total > 0)
    off = (_middle_of_three(np.where(known, flux, mean[part])) - mean[part]) * np.sqrt(weight)
    extremes = np.concatenate(
        [_first_in_each(part, -flux, off > STANDS_OUT), _first_in_each(part, flux, off < -STANDS_OUT)]
    )
    plain = np.setdiff1d(np.arange(bins), part[extremes])
    x = np.concatenate([middle[plain], wavelength[extremes]])
    y, where = np.concatenate([mean[plain], flux[extremes]]), np.concatenate([plain, part[extremes]])
    order = np.argsort(x, kind="stable")
    return Curve(x[order], y[order], _is_usual(weight, part)[where[order]])


@dataclass(frozen=True)
class _Frame:
    """Where wavelengths and fluxes stand in the drawing."""

    first: float
    last: float
    low: float
    high: float

    def x(self, wavelength):
        """From the left."""
        return (wavelength - self.first) / (self.last - self.first) * WIDTH

    def y(self, flux):
        """From above; what lies outside is drawn on the edge."""
        share = (np.clip(flux, self.low, self.high) - self.low) / (self.high - self.low)
        return ABOVE + (1 - share) * HEIGHT


def _weight(found: ObjectSpectrum) -> np.ndarray:
    """Inverse variance; where the source gives no errors, one over the square of how much neighbours differ."""
    spectrum = found.spectrum
    if spectrum.ivar is not None:
        return np.where(spectrum.good, spectrum.ivar, 0).astype(np.float64)
    scatter = 1.05 * np.median(np.abs(np.diff(spectrum.flux[spectrum.good]))) if spectrum.good.sum() > 1 else 0
    return spectrum.good / max(float(scatter) ** 2, 1e-30)


def _middle_of_three(flux: np.ndarray) -> np.ndarray:
    """The median of each bin and its two neighbours, shape (n,)."""
    padded = np.concatenate([flux[:1], flux, flux[-1:]])
    left, right = padded[:-2], padded[2:]
    return np.maximum(np.minimum(left, flux), np.minimum(np.maximum(left, flux), right))


def _first_in_each(part: np.ndarray, value: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Of the chosen places that with the least value in each part."""
    at = np.flatnonzero(chosen)
    at = at[np.lexsort((value[at], part[at]))]
    return at[np.diff(part[at], prepend=-1) > 0]


def _is_usual(weight: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Which parts are not much noisier than others, by the best bin of each: errors are larger where a line is."""
    best = np.maximum.reduceat(weight, np.flatnonzero(np.diff(part, prepend=-1)))
    return best * NOISY**2 > np.median(best[best > 0])


def _worth_seeing(data: Curve) -> tuple[float, float]:
    """Least and greatest flux that the drawing shows, with some room around."""
    sure = data.flux[data.is_sure & np.isfinite(data.flux)]
    low, high = float(sure.min()), float(sure.max())
    room = 0.04 * (high - low) or abs(high) or 1.0
    return low - room, high + room


def _path(kind: str, data: Curve, frame: _Frame) -> str:
    """A line through the known parts; a new one behind each gap."""
    known = np.isfinite(data.flux)
    x, y = frame.x(data.wavelength[known]).round().astype(int), frame.y(data.flux[known]).round().astype(int)
    starts = np.diff(np.flatnonzero(known), prepend=-2) > 1
    steps = [
        f"{'M' if start else 'L'}{i} {j}" for start, i, j in zip(starts.tolist(), x.tolist(), y.tolist(), strict=True)
    ]
    return f'<path class="{kind}" d="{"".join(steps)}"/>'


def _marks(found: ObjectSpectrum, frame: _Frame) -> list[str]:
    """The ends of the wavelengths, where the flux is 0, and the places of strong lines."""
    foot = ABOVE + HEIGHT + BELOW - 5
    marks = [
        f'<text x="0" y="{foot}">{frame.first:.0f}</text>',
        f'<text x="{WIDTH}" y="{foot}" text-anchor="end">{frame.last:.0f} Å</text>',
    ]
    if frame.low < 0 < frame.high:
        marks.append(f'<path class="zero" d="M0 {frame.y(0.0):.0f}H{WIDTH}"/>')
    last = -APART
    for name, at in _lines(found, frame):
        marks.append(f'<path class="mark" d="M{at} {ABOVE}V{ABOVE + HEIGHT}"/>')
        if at - last >= APART:
            anchor = "start" if at < APART / 2 else "end" if at > WIDTH - APART / 2 else "middle"
            marks.append(f'<text class="name" x="{at}" y="18" text-anchor="{anchor}">{name}</text>')
            last = at
    return marks


def _lines(found: ObjectSpectrum, frame: _Frame) -> list[tuple[str, int]]:
    """Names of strong lines in the drawing, and how far from the left they stand."""
    redshift = _redshift(found)
    if redshift is None:
        return []
    shift = 1.0 if found.spectrum.frame == "rest" else 1 + redshift
    marked = [line for line in LINES if line.is_major and line.name in MARKED]
    marked = [line for line in marked if line.kind != "emission" or redshift > STARS_BELOW]
    places = [(line.name, round(frame.x(line.wavelength * shift))) for line in marked]
    return [(name, at) for name, at in places if 0 < at < WIDTH]


def _redshift(found: ObjectSpectrum) -> float | None:
    redshift = found.facts.get("redshift")
    return redshift if redshift is not None and np.isfinite(redshift) else None


def _title(found: ObjectSpectrum) -> str:
    redshift = _redshift(found)
    return f"Spectrum of {found.source_id}" + ("" if redshift is None else f", redshift {redshift:.4f}")
