"""Reading the spectra of one object and of its counterparts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from almagest.sky.models import Survey
from almagest.sky.selectors import object_counterparts, object_survey
from almagest.spectra.errors import SpectrumError
from almagest.spectra.fetching import FACTS, fetch_spectra, read_grids
from almagest.spectra.spectrum import Spectrum


@dataclass(frozen=True)
class ObjectSpectrum:
    """A spectrum with the object whose it is.

    Attributes
    ----------
    separation_arcsec
        Distance from the object that was asked for; 0 for its own.
    facts
        What the survey says of it: redshift, class, instrument and others; None where it says nothing.
    """

    object_id: int
    survey: Survey
    source_id: str
    revision: int
    separation_arcsec: float
    spectrum: Spectrum
    facts: dict[str, Any]


def object_spectra(*, user, object_id: int) -> list[ObjectSpectrum]:
    """The object's own spectrum, then those of its counterparts, the nearest first.

    Raises
    ------
    SurveyError
        When there is no such object that the user may see.
    """
    distances = {object_id: 0.0}
    distances |= {
        each.object_id: each.separation_arcsec for each in object_counterparts(user=user, object_id=object_id)
    }
    found = spectra_list(user=user, object_ids=list(distances))
    return [replace(each, separation_arcsec=distances[each.object_id]) for each in found]


def spectra_list(*, user, object_ids: Sequence[int]) -> list[ObjectSpectrum]:
    """The own spectra of these objects, in their order; those that have none which the user may see are left out."""
    rows = fetch_spectra(user=user, object_ids=object_ids).rows
    grids = read_grids(rows["grid_id"].to_pylist()) if rows.num_rows else {}
    surveys = {survey.slug: survey for survey in Survey.objects.filter(slug__in=set(rows["survey"].to_pylist()))}
    return [_object_spectrum(rows.slice(at, 1), grids, surveys) for at in range(rows.num_rows)]


def spectrum_get(*, user, object_id: int) -> ObjectSpectrum:
    """The object's own spectrum, or `SpectrumError` where it has none."""
    survey = object_survey(user=user, object_id=object_id)
    for found in object_spectra(user=user, object_id=object_id):
        if found.object_id == object_id:
            return found
    raise SpectrumError(f"object {object_id} of {survey.slug} has no spectrum of its own", absent=True)


def _object_spectrum(row: pa.Table, grids: dict, surveys: dict) -> ObjectSpectrum:
    arrays = {name: row[name].combine_chunks() for name in ("flux", "ivar", "mask")}
    values = {name: row[name][0].as_py() for name in row.column_names if name not in arrays}
    ivar = arrays["ivar"].flatten().to_numpy() if arrays["ivar"].is_valid()[0].as_py() else None
    masked = arrays["mask"].flatten().to_numpy(zero_copy_only=False)
    mask = np.asarray(masked, bool) if len(masked) else np.zeros(values["n_bins"], bool)
    spectrum = Spectrum(
        grids[values["grid_id"]], arrays["flux"].flatten().to_numpy(), ivar,
        mask,
        *(values[name] for name in ("flux_unit", "medium", "frame")),
    )  # fmt: skip
    return ObjectSpectrum(
        values["object_id"], surveys[values["survey"]], values["source_id"], values["revision"],
        0.0, spectrum, {name: values[name] for name in FACTS},
    )  # fmt: skip
