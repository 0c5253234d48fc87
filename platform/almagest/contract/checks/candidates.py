"""Laws of what comes after the model: the cuts that make candidates of objects called the signal."""

import pyarrow as pa

from almagest.contract.checks.training import Trial
from almagest.contract.cuts import mark_candidates


def check_candidates(trial: Trial, scores: pa.Table) -> None:
    """Candidate cuts say yes or no of every scored row, also where nothing but its key is known; null means no."""
    if not trial.method.candidate_cuts:
        return
    columns = [trial.batch, trial.cut_inputs, scores]
    seen = pa.table({name: table[name] for table in columns for name in table.column_names})
    unknown = pa.table({field.name: pa.nulls(seen.num_rows, field.type) for field in seen.schema})
    for rows in (seen, unknown, seen.slice(0, 0)):
        for cut in trial.method.candidate_cuts:
            _check_cut(trial, cut.name, cut.keeps, rows)
    signal = trial.subject.plugin.labelling.signal
    is_candidate, _ = mark_candidates(trial.method.candidate_cuts, signal, seen)
    kept = is_candidate.to_pylist().count(True)
    trial.subject.require(kept > 0, "some of its simulation are candidates", f"none of {seen.num_rows}")


def _check_cut(trial: Trial, name: str, keeps, rows: pa.Table) -> None:
    with trial.subject.trying(f"candidate cut {name} takes inputs, cut inputs and outputs, nulls among them"):
        answer = keeps(rows)
    is_flags = isinstance(answer, pa.Array | pa.ChunkedArray) and pa.types.is_boolean(answer.type)
    law = f"candidate cut {name} says yes or no of each row"
    trial.subject.require(is_flags and len(answer) == rows.num_rows, law, str(getattr(answer, "type", type(answer))))
