"""Spectra for pages: numbers for the script that draws them, facts in words, and files."""

import hashlib
import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from django.urls import reverse

from almagest.contract.units import parse_unit
from almagest.predictions.reconstruction.selectors import (
    Reconstruction,
    object_reconstructions,
    reconstructing_versions,
    taken_by,
)
from almagest.registry.models import ModelVersion
from almagest.sky.selectors import Counterpart, SkyObject
from almagest.sky.surveys import declaration_get
from almagest.spectra.lines import LINES, air_to_vacuum
from almagest.spectra.selectors import ObjectSpectrum, object_spectra
from almagest.web.context import VERSION
from almagest.web.templatetags.almagest import DASH, number

KINDS = ("emission", "absorption", "sky")
# What programs for spectra read; the address gives all other formats too.
FILES = ("csv", "CSV"), ("fits", "FITS"), ("votable", "VOTable")
# What models make of the spectra, by the numbers of their objects.
Models = Mapping[int, Sequence[Reconstruction]]


def spectra_models(*, user, spectra: Sequence[ObjectSpectrum]) -> Models:
    """What the models that the user may see make of the spectra as they are now."""
    return {each.object_id: object_reconstructions(user=user, object_id=each.object_id) for each in spectra}


def spectra_state(spectra: Sequence[ObjectSpectrum], models: Models = MappingProxyType({})) -> str:
    """Text that is another one whenever `spectra_data` is."""
    parts = [VERSION, *((s.object_id, s.revision, s.spectrum.id, s.survey.name, s.survey.observed) for s in spectra)]
    parts += [
        (number, m.version.pk, m.grid, hashlib.sha256(m.flux.tobytes()).hexdigest())
        for number, found in models.items()
        for m in found
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def spectra_data(spectra: Sequence[ObjectSpectrum], models: Models) -> dict[str, Any]:
    """What the viewer draws: exact numbers as base64 of little-endian arrays, and the lines to be looked for."""
    lines = [{"name": line.name, "wavelength": line.wavelength, "kind": line.kind, "source": line.source,
              "is_major": line.is_major} for line in LINES]  # fmt: skip
    return {"spectra": [_data(each, models[each.object_id]) for each in spectra], "lines": lines}


def spectra_panel(*, user, found: SkyObject, counterparts: Sequence[Counterpart]) -> dict[str, Any] | None:
    """What the object's page says of them in words; None where there is none."""
    # Of most objects nobody has a spectrum: the database is not asked for these.
    slugs = {found.survey.slug, *(each.survey.slug for each in counterparts)}
    if not any(declaration_get(slug).has_spectra for slug in slugs):
        return None
    spectra = object_spectra(user=user, object_id=found.id)
    told = {"lines": LINES, "kinds": KINDS, "files": FILES, "to_ask": models_to_ask(user, spectra)}
    return {"rows": [_row(each) for each in spectra]} | told if spectra else None


def models_to_ask(user, spectra: Sequence[ObjectSpectrum]) -> list[ModelVersion]:
    """Models that the user may have say what they make of the spectra, and which have not said it of each that they take."""
    versions = reconstructing_versions(user=user) if user.is_authenticated else []
    if not versions:
        return []
    said = {
        number: {each.version for each in found} for number, found in spectra_models(user=user, spectra=spectra).items()
    }
    return [
        version for version in versions if any(version not in said[number] for number in taken_by(version, spectra))
    ]


def _data(found: ObjectSpectrum, models: Sequence[Reconstruction]) -> dict[str, Any]:
    spectrum, facts = found.spectrum, found.facts
    is_air = spectrum.medium == "air"
    return {
        "label": f"{found.survey.name} {found.source_id}", "survey": found.survey.slug, "source_id": found.source_id,
        "href": reverse("object", args=[found.survey.slug, found.source_id]), "is_own": not found.separation_arcsec,
        "simulated": not found.survey.observed, "unit": spectrum.flux_unit, "unit_text": _unit_text(spectrum.flux_unit),
        "medium": spectrum.medium, "frame": spectrum.frame,
        **{name: facts.get(name) for name in ("redshift", "redshift_err", "zwarning", "spec_class", "subclass", "instrument")},
        "wavelength": _packed(spectrum.wavelength, "<f8"),
        "vacuum": _packed(air_to_vacuum(spectrum.wavelength), "<f8") if is_air else None,
        "flux": _packed(spectrum.flux, "<f4"),
        "ivar": None if spectrum.ivar is None else _packed(spectrum.ivar, "<f4"),
        "mask": _packed(spectrum.mask, "u1"), "models": [_model(each) for each in models],
    }  # fmt: skip


def _model(found: Reconstruction) -> dict[str, str]:
    """As the viewer draws it; the wavelengths are in vacuum."""
    method = found.version.method
    href = reverse("model", args=[method.plugin.name, method.name, found.version.number])
    return {"label": f"{method.title} v{found.version.number}", "href": href,
            "wavelength": _packed(found.grid.wavelength, "<f8"), "flux": _packed(found.flux, "<f4")}  # fmt: skip


def _row(found: ObjectSpectrum) -> dict[str, Any]:
    facts, wavelength = found.facts, found.spectrum.wavelength
    known = {name: value for name, value in facts.items() if value is not None}
    return {
        "found": found, "zwarning": known.get("zwarning"), "instrument": known.get("instrument", DASH),
        "redshift": _with_error(known.get("redshift"), known.get("redshift_err")),
        "kind": " ".join(known[name] for name in ("spec_class", "subclass") if name in known) or DASH,
        "snr": _figures(known.get("snr"), 3), "resolving_power": _figures(known.get("resolving_power"), 4),
        "bins": len(wavelength), "first": wavelength[0], "last": wavelength[-1],
    }  # fmt: skip


def _figures(value: float | None, figures: int) -> str:
    return DASH if value is None else f"{value:.{figures}g}"


def _with_error(value: float | None, error: float | None) -> str:
    """``0.12132 ± 0.00003``: as many digits as the error has a say in."""
    if value is None or not error or not math.isfinite(error):
        return number(value)
    places = min(max(-math.floor(math.log10(error)), 0), 9)
    return f"{value:.{places}f} ± {error:.{places}f}"


def _packed(values: np.ndarray, dtype: str) -> str:
    return b64encode(np.ascontiguousarray(values, dtype).tobytes()).decode()


def _unit_text(unit: str) -> str:
    """``10⁻¹⁷ erg Å⁻¹ s⁻¹ cm⁻²``."""
    return parse_unit(unit).to_string("unicode", fraction=False).removeprefix("1×") if unit else ""
