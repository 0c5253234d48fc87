"""Reconstructions: what a model makes of the spectra of some objects, made when somebody asks for it, replaced when made again."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import connection, transaction

from almagest.accounts.selectors import may_see
from almagest.accounts.sharing import narrowest
from almagest.contract import AlmagestError, Method, PluginError
from almagest.core.copy import copy_in
from almagest.core.tables import quote
from almagest.predictions.scoring import read_inputs
from almagest.predictions.tables import RECONSTRUCTIONS
from almagest.registry.models import ModelVersion
from almagest.runs.leases import Claim, claim_complete
from almagest.runs.models import Run
from almagest.runs.services import ChunkSpec, run_start
from almagest.samples.reading import KEYS, can_feed
from almagest.sky.models import Survey
from almagest.sky.selectors import snapshot
from almagest.sky.surveys import SURVEYS
from almagest.spectra.gridded import with_spectra
from almagest.spectra.packing import pack

KIND = "reconstruct"
MOST_OBJECTS = 10_000
# Of those that cannot be reconstructed, so many are named.
NAMED = 5


class ReconstructionError(AlmagestError):
    """Reconstructions cannot be made."""


def reconstruction_start(*, user, version: ModelVersion, object_ids: Iterable[int]) -> Run:
    """Have workers of the model's runtime say what flux it expects of objects; `user` None is whoever runs commands here.

    Raises
    ------
    ReconstructionError
        When the method gives none, or one of the objects has no spectrum that it takes and the user may see, or there are more than
        `MOST_OBJECTS` or none.
    """
    if not may_see(user, version):
        raise ReconstructionError("there is no such model version", absent=True)
    if not version.method.reconstructs:
        raise ReconstructionError(f"{version} gives no reconstructions: its method declares none")
    wanted = sorted(set(object_ids))
    if not 0 < len(wanted) <= MOST_OBJECTS:
        raise ReconstructionError(
            f"{len(wanted):,} objects cannot be reconstructed at once; name 1 to {MOST_OBJECTS:,}"
        )
    found = _with_spectra(user, version, wanted)
    _check_all(version, wanted, found)
    size = version.method.block_size
    blocks = [
        ChunkSpec(version.method.runtime, {"survey": survey.slug, "ids": ids[at : at + size]})
        for survey, ids in found.items()
        for at in range(0, len(ids), size)
    ]
    named = {"version": str(version), "version_id": version.pk, "surveys": [survey.slug for survey in found]}
    title = f"Reconstruct {len(wanted):,} spectr{'um' if len(wanted) == 1 else 'a'} with {version}"
    narrow = narrowest([version, *found])
    return run_start(kind=KIND, title=title, chunks=blocks, parameters=named, owner=user, **narrow)


def _with_spectra(user, version: ModelVersion, ids: list[int]) -> dict[Survey, list[int]]:
    """Those of the objects that have a spectrum which the method takes and the user may see, by their surveys."""
    inputs, found = version.method.input_table, {}
    for survey in Survey.objects.visible_to(user).filter(slug__in=SURVEYS).order_by("pk"):
        if not can_feed(survey.slug, inputs, needs_spectra=True):
            continue
        with connection.cursor() as cursor:
            table = quote(survey.table_name)
            cursor.execute(f"SELECT object_id FROM {table} WHERE object_id = ANY(%s) ORDER BY object_id", [ids])
            if rows := cursor.fetchall():
                found[survey] = [number for (number,) in rows]
    return found


def _check_all(version: ModelVersion, wanted: list[int], found: dict[Survey, list[int]]) -> None:
    if missing := sorted(set(wanted).difference(*found.values())):
        more = f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else ""
        names = ", ".join(map(str, missing[:NAMED])) + more
        raise ReconstructionError(f"there is no spectrum here that {version} takes of object {names}; leave these out")


def block_reconstruct(*, claim: Claim, version: ModelVersion, method: Method, model: Any) -> None:
    """Reconstruct a chunk's objects as they are now.

    Cuts choose what is learned from and scored; whoever asks for an object by its name gets it, whatever they say of it.
    """
    survey, ids = Survey.objects.get(slug=claim.payload["survey"]), np.array(claim.payload["ids"], np.int64)
    rows = with_spectra(read_inputs(method, survey, ingest_id=snapshot().ingest_id, ids=ids), method.spectra)
    flux = np.asarray(method.module().reconstruct(model, rows), np.float32)
    if flux.shape != (rows.num_rows, method.spectra.bins):
        raise PluginError(f"{method.name} gave flux of shape {flux.shape} for {rows.num_rows} objects")
    is_known = np.isfinite(flux).any(axis=1)
    made = _packed(version, method, rows.select(KEYS).filter(pa.array(is_known)), flux[is_known])
    with transaction.atomic():
        # Two runs may make the same at once: they write one after the other.
        ModelVersion.objects.select_for_update(of=("self",), no_key=True).get(pk=version.pk)
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {quote(RECONSTRUCTIONS.name)} WHERE version_id = %s AND object_id = ANY(%s)",
                [version.pk, ids.tolist()],
            )
        copy_in(RECONSTRUCTIONS.table, made)
        claim_complete(claim, result={"rows": made.num_rows, "unknown": rows.num_rows - made.num_rows})


def _packed(version: ModelVersion, method: Method, keys: pa.Table, flux: np.ndarray) -> pa.Table:
    grid, count, table = method.spectra, keys.num_rows, RECONSTRUCTIONS.table
    values = {name: keys[name].to_pylist() for name in KEYS} | {
        "version_id": [version.pk] * count, "grid_start": [grid.start] * count, "grid_step": [grid.step] * count,
        "n_bins": [grid.bins] * count, "flux": [pack(row) for row in flux],
    }  # fmt: skip
    return pa.table({column.name: pa.array(values[column.name], column.arrow_type) for column in table.columns})
