"""Small drawings of spectra, many on a page: SVG that takes the page's colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from almagest.spectra.curves import Curve, curve
from almagest.spectra.lines import LINES, air_to_vacuum
from almagest.spectra.selectors import ObjectSpectrum, spectra_list

# In units of the drawing, which a page makes as large as it likes; below the spectrum stand the wavelengths, above it the lines' names.
WIDTH, HEIGHT, ABOVE, BELOW = 640, 250, 26, 28
# Redshifts below are those of stars, where emission lines of nebulae are not looked for.
STARS_BELOW = 0.002
MARKED = ("Lyα", "C IV", "C III]", "Mg II", "[O II]", "Ca II K", "Hβ", "[O III]", "Mg I b", "Na I D", "Hα")
# Names nearer to one another than that would lie upon each other.
APART = 62
# Of an object: wavelengths in vacuum in angstroms, and the flux that a model expects there, NaN where it says nothing.
Model = tuple[np.ndarray, np.ndarray]


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
        said = np.where(np.isfinite(expected), weight, 0)
        parts += [_path("model", curve(x, expected, said), frame)] if said.any() else []
    box = f'viewBox="0 0 {WIDTH} {ABOVE + HEIGHT + BELOW}"'
    # Each part is escaped where it is made.
    return mark_safe(f'<svg class="thumbnail" {box} role="img">{"".join(parts)}</svg>')


@dataclass(frozen=True)
class _Frame:
    """Where wavelengths and fluxes stand in the drawing."""

    first: float
    last: float
    low: float
    high: float

    def x(self, wavelength):
        """From the left."""
        return (wavelength - self.first) / (self.last - self.first or 1.0) * WIDTH

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
