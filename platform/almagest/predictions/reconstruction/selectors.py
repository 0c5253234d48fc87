"""Reading reconstructions, and which models can be asked for one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from django.db import connection

from almagest.contract import SpectralGrid
from almagest.core.tables import quote
from almagest.predictions.tables import RECONSTRUCTIONS
from almagest.registry.models import ModelVersion
from almagest.registry.selectors import version_list
from almagest.samples.reading import can_feed
from almagest.sky.selectors import object_survey
from almagest.spectra.packing import unpack
from almagest.spectra.selectors import ObjectSpectrum


@dataclass(frozen=True)
class Reconstruction:
    """What a model expects of one object: flux in the unit of its spectrum, shape (grid.bins), float32, NaN where it says nothing."""

    version: ModelVersion
    grid: SpectralGrid
    flux: np.ndarray


def object_reconstructions(*, user, object_id: int) -> list[Reconstruction]:
    """What visible models make of the object's spectrum as it is now, the newest model first; what is stale is left out.

    Raises
    ------
    SurveyError
        When there is no such object that the user may see.
    """
    survey = object_survey(user=user, object_id=object_id)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT r.version_id, r.grid_start, r.grid_step, r.n_bins, r.flux FROM {quote(RECONSTRUCTIONS.name)} r "
            f"JOIN {quote(survey.table_name)} m ON m.object_id = r.object_id AND m.revision = r.revision "
            "WHERE r.object_id = %s ORDER BY r.version_id DESC",
            [object_id],
        )
        rows = cursor.fetchall()
    versions = version_list(user=user).in_bulk([row[0] for row in rows]) if rows else {}
    return [
        Reconstruction(versions[number], SpectralGrid(start, step, bins), unpack(flux, np.float32, bins))
        for number, start, step, bins, flux in rows
        if number in versions
    ]


def current_reconstructions(*, version: ModelVersion, revisions: Mapping[int, int]) -> dict[int, Reconstruction]:
    """What one version makes of objects that the user may see, by object; `revisions` are those of their spectra as they are now."""
    if not version.method.reconstructs or not revisions:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT object_id, revision, grid_start, grid_step, n_bins, flux FROM {quote(RECONSTRUCTIONS.name)} "
            "WHERE version_id = %s AND object_id = ANY(%s)",
            [version.pk, list(revisions)],
        )
        rows = cursor.fetchall()
    return {
        number: Reconstruction(version, SpectralGrid(start, step, bins), unpack(flux, np.float32, bins))
        for number, revision, start, step, bins, flux in rows
        if revision == revisions[number]
    }


def has_reconstructions(*, version: ModelVersion) -> bool:
    """Whether there is one of any object."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {quote(RECONSTRUCTIONS.name)} WHERE version_id = %s)", [version.pk])
        return cursor.fetchone()[0]


def reconstructing_versions(*, user) -> list[ModelVersion]:
    """Of each method that reconstructs its production version, or else the newest that the user may see."""
    found: dict[int, ModelVersion] = {}
    for version in version_list(user=user).filter(method__reconstructs=True, is_variant=False):
        if version.is_production or version.method_id not in found:
            found[version.method_id] = version
    return list(found.values())


def taken_by(version: ModelVersion, spectra: Iterable[ObjectSpectrum]) -> list[int]:
    """Objects of those spectra that the version's method takes."""
    inputs = version.method.input_table
    return [each.object_id for each in spectra if can_feed(each.survey.slug, inputs, needs_spectra=True)]
