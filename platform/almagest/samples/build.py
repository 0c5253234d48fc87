"""Cutting a sample: rows of the surveys, labels, cuts, split."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Labelling, Method, SampleError, SpectralGrid, Table, write_sample
from almagest.contract.cuts import apply_cuts
from almagest.contract.sample import KEY_COLUMNS, ReadSpectra
from almagest.contract.spectra import ARRAYS
from almagest.core.copy import read_arrow
from almagest.samples.given import read_given, with_given
from almagest.samples.groups import Groups, is_held_back, read_groups
from almagest.samples.models import Sample
from almagest.samples.reading import read_rows
from almagest.sky.models import Survey
from almagest.spectra.gridded import BLOCK, OF_ARRAYS, stream_on_grid, with_spectra


def build_sample(sample: Sample, method: Method, labelling: Labelling, folder: Path) -> dict:
    """Write the sample's folder; give the values of its row: rows, counts, left_out, given_counts, checksum.

    Raises
    ------
    SampleError
        When no object of the surveys has a label, or one that was given is none of the plugin's.
    """
    given = sample.definition.get("given_labels")
    given = read_given(given, labelling.classes) if given else None
    groups = read_groups(cross_match_id=sample.cross_match_id, ingest_id=sample.ingest_id)
    surveys = Survey.objects.filter(slug__in=sample.definition["surveys"]).order_by("slug")
    rows = pa.concat_tables([_survey_rows(survey, sample, method, labelling, groups) for survey in surveys])
    rows, left_out = _cut(rows, method)
    rows, reasons, given_counts = _labelled(rows, labelling, given)
    left_out.update(reasons)
    if not rows.num_rows:
        raise SampleError(
            f"sample {sample.name}: no object has a label; left out: {dict(left_out) or 'there were none'}"
        )
    rows = _with_split(rows, seed=sample.definition["seed"], share=sample.definition["test_fraction"])
    spectra = {"grid": method.spectra, "spectra": _spectra(rows, method.spectra)} if method.spectra else {}
    rows = rows.select([*KEY_COLUMNS.names, *method.inputs.names])
    checksum = write_sample(
        folder,
        rows,
        **spectra,
        classes=labelling.classes,
        signal=labelling.signal,
        seed=sample.definition["seed"],
        definition=sample.definition | {"ingest_id": sample.ingest_id, "cross_match_id": sample.cross_match_id},
    )
    return {
        "rows": rows.num_rows,
        "counts": _counts(rows),
        "left_out": [{"name": name, "count": count} for name, count in left_out.items()],
        "given_counts": given_counts,
        "checksum": checksum,
    }


def _cut(rows: pa.Table, method: Method) -> tuple[pa.Table, Counter]:
    """Rows that pass all cuts; for those of spectra these are read block by block, and let go again."""
    rows, left_out = apply_cuts([cut for cut in method.cuts if not cut.of_spectra], rows)
    if not (cuts := [cut for cut in method.cuts if cut.of_spectra]):
        return rows, left_out
    kept = []
    for start in range(0, max(rows.num_rows, 1), BLOCK):
        block, more = apply_cuts(cuts, with_spectra(rows.slice(start, BLOCK), method.spectra))
        kept.append(block.drop_columns(list(ARRAYS)))
        left_out.update(more)
    return pa.concat_tables(kept), left_out


def _spectra(rows: pa.Table, grid: SpectralGrid) -> ReadSpectra:
    """Reads the spectra of a sample's rows, which are some of these in another order."""

    def read(ordered: pa.Table) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        places = pc.index_in(ordered["object_id"], rows["object_id"].combine_chunks())
        return stream_on_grid(rows.select([column.name for column in OF_ARRAYS]).take(places), grid)

    return read


def _survey_rows(survey: Survey, sample: Sample, method: Method, labelling: Labelling, groups: Groups) -> pa.Table:
    wanted = {c.name: c for table in (method.inputs, method.cut_inputs, labelling.inputs) for c in table.columns}
    wanted |= {c.name: c for c in OF_ARRAYS} if method.spectra else {}
    rows = read_rows(survey, wanted.values(), ingest_id=sample.ingest_id)
    keys = read_arrow("SELECT id, source_id FROM objects WHERE survey_id = $1 ORDER BY id", (survey.pk,))
    at = np.searchsorted(keys["id"].to_numpy(), rows["object_id"].to_numpy())
    source_id = keys["source_id"].combine_chunks().take(pa.array(at))
    own = np.char.add(f"{survey.slug}/", source_id.to_numpy(zero_copy_only=False).astype(str))
    group_id, group_name = groups.of(rows["object_id"].to_numpy(), own)
    for name, values in (
        ("source_id", source_id),
        ("survey", pa.array([survey.slug] * rows.num_rows, pa.string())),
        ("group_id", pa.array(group_id)),
        ("group_name", pa.array(group_name.astype(object), pa.string())),
    ):
        rows = rows.append_column(name, values)
    return _with_counterparts(rows, labelling.inputs, survey, sample, groups)


def _with_counterparts(rows: pa.Table, wanted: Table, survey: Survey, sample: Sample, groups: Groups) -> pa.Table:
    """Fill the label inputs that the survey itself does not give from the objects' counterparts, surveys in order of name."""
    if not len(groups.object_id):
        return rows
    for other in Survey.objects.exclude(pk=survey.pk).filter(observed=survey.observed).order_by("slug"):
        linked = read_rows(
            other,
            wanted.columns,
            ingest_id=sample.ingest_id,
            low=int(groups.object_id[0]),
            high=int(groups.object_id[-1]),
        )
        is_linked = np.isin(linked["object_id"].to_numpy(), groups.object_id)
        linked = linked.filter(pa.array(is_linked))
        group_id, _ = groups.of(linked["object_id"].to_numpy(), np.full(linked.num_rows, ""))
        for name in wanted.names:
            rows = _filled(rows, name, group_id, linked[name])
    return rows


def _filled(rows: pa.Table, name: str, group_id: np.ndarray, values: pa.ChunkedArray) -> pa.Table:
    given = values.combine_chunks().is_valid().to_numpy(zero_copy_only=False)
    if not given.any():
        return rows
    known, first = np.unique(group_id[given], return_index=True)
    at = np.searchsorted(known, rows["group_id"].to_numpy()).clip(max=len(known) - 1)
    match = known[at] == rows["group_id"].to_numpy()
    index = pa.array(np.flatnonzero(given)[first][at], mask=~match)
    filled = pc.coalesce(rows[name], values.take(index))
    return rows.set_column(rows.column_names.index(name), name, filled)


def _labelled(rows: pa.Table, labelling: Labelling, given: pa.Table | None) -> tuple[pa.Table, Counter, dict]:
    found, counts = labelling.function()(rows), {}
    labels = found["label"].combine_chunks().cast(pa.string())
    if given is not None:
        labels, counts = with_given(rows, labels, given)
    reasons = Counter(reason for reason in found["reason"].filter(pc.is_null(labels)).to_pylist() if reason)
    rows = rows.append_column("label", labels)
    return rows.filter(rows["label"].is_valid()), reasons, counts


def _with_split(rows: pa.Table, *, seed: int, share: float) -> pa.Table:
    held_back = [is_held_back(name, seed=seed, share=share) for name in rows["group_name"].to_pylist()]
    return rows.append_column("split", pa.array(["test" if held else "train" for held in held_back], pa.string()))


def _counts(rows: pa.Table) -> dict:
    counts: dict = {}
    for row in rows.group_by(["survey", "label", "split"]).aggregate([([], "count_all")]).to_pylist():
        counts.setdefault(row["survey"], {}).setdefault(row["label"], {})[row["split"]] = row["count_all"]
    return counts
