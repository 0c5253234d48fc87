"""One block of objects, from the database through the model to rows."""

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Method, PluginError
from almagest.contract.casting import cast_to
from almagest.contract.cuts import apply_cuts, mark_candidates
from almagest.predictions.models import PredictionSet
from almagest.predictions.tables import IS_CANDIDATE
from almagest.samples.reading import KEYS, read_rows
from almagest.sky.models import Survey
from almagest.spectra.gridded import OF_ARRAYS, with_spectra


def score_block(
    scores: PredictionSet, survey: Survey, method: Method, model: Any, *, low: int, high: int
) -> tuple[pa.Table, dict]:
    """Read, cut and score the objects of an id range, as they were in the set's snapshot; see `score_rows`."""
    return score_rows(
        scores, method, model, read_inputs(method, survey, ingest_id=scores.ingest_id, low=low, high=high)
    )


def read_inputs(method: Method, survey: Survey, **which) -> pa.Table:
    """What the method and its cuts look at, of the objects that `read_rows` is asked for; of spectra which they are."""
    wanted = {c.name: c for table in (method.inputs, method.cut_inputs) for c in table.columns}
    wanted |= {c.name: c for c in OF_ARRAYS} if method.spectra else {}
    return read_rows(survey, wanted.values(), **which)


def score_rows(scores: PredictionSet, method: Method, model: Any, batch: pa.Table) -> tuple[pa.Table, dict]:
    """Cut and score what was read.

    Returns
    -------
    Rows with ``object_id``, ``revision``, the method's outputs and, where the set has it, ``is_candidate``; and counts:
    objects read, left out by each cut, scored but left out of the candidates by each step.

    Raises
    ------
    PluginError
        When the model gives another number of rows than it got, or a score that is no number.
    """
    kept, left_out = cut_rows(method, batch)
    outputs = cast_to(scores.version.output_table, method.module().score(model, kept))
    if outputs.num_rows != kept.num_rows:
        raise PluginError(f"{method.name} gave {outputs.num_rows} rows for {kept.num_rows} objects")
    _check_numbers(method, outputs)
    counts = {"objects_read": batch.num_rows, "left_out": list(left_out.items())}
    seen = pa.table({name: table[name] for table in (kept, outputs) for name in table.column_names})
    rows = seen.select([*KEYS, *outputs.column_names])
    if scores.has_candidates:
        is_candidate, taken = mark_candidates(method.candidate_cuts, scores.version.method.plugin.signal, seen)
        rows = rows.append_column(IS_CANDIDATE.name, is_candidate)
        counts["candidates_left_out"] = list(taken.items())
    return rows, counts


def cut_rows(method: Method, rows: pa.Table) -> tuple[pa.Table, Counter]:
    """Rows that pass all of the method's cuts, with their spectra where it takes them, and what each cut took away."""
    kept, left_out = apply_cuts([cut for cut in method.cuts if not cut.of_spectra], rows)
    if not method.spectra:
        return kept, left_out
    kept, more = apply_cuts([cut for cut in method.cuts if cut.of_spectra], with_spectra(kept, method.spectra))
    left_out.update(more)
    return kept, left_out


def _check_numbers(method: Method, outputs: pa.Table) -> None:
    """PostgreSQL takes NaN for larger than every number: such an object would be every catalog's best."""
    for field in outputs.schema:
        if count := _count_bad(outputs[field.name].combine_chunks(), must_be_finite=field.name == method.latents):
            raise PluginError(
                f"{method.name} gave NaN{' or infinity' if field.name == method.latents else ''} as {field.name} of {count} "
                "objects; it must give null where it can say nothing"
            )


def _count_bad(values: pa.Array, *, must_be_finite: bool) -> int:
    """Rows with a NaN, an array's also with one number among others; in a latent space nothing is infinite or half known."""
    if pa.types.is_list(values.type):
        flat = values.flatten()
        rows = pc.list_parent_indices(values).filter(_is_bad(flat, must_be_finite=must_be_finite))
        return pc.count_distinct(rows).as_py()
    return pc.sum(_is_bad(values, must_be_finite=False)).as_py() or 0


def _is_bad(values: pa.Array, *, must_be_finite: bool) -> pa.Array:
    if not pa.types.is_floating(values.type):
        return pa.repeat(False, len(values))
    if must_be_finite:
        return pc.invert(pc.fill_null(pc.is_finite(values), False))
    return pc.fill_null(pc.is_nan(values), False)
