"""The class of each object by the catalog: the plugin's labelling on the catalog's own values.

What a label is made of comes from the catalog, and from it alone where it declares the column: the scored survey's own
redshift must not judge the scores of that survey. Only a column that the catalog does not declare at all (such as
``spec_class`` in a catalog that holds nothing but galaxies) is the counterpart's. Of the method's inputs, which a labelling
may need for a mass from colours, a row is the catalog's where the catalog has all of them, and else the counterpart's: a
colour between two photometric systems would be none. What the cuts look at says nothing of the class, and is the scored
object's where its survey declares it.
"""

from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column, Labelling, Method, PluginError, Table
from almagest.predictions.verification.errors import VerificationError
from almagest.predictions.verification.matching import Neighbours
from almagest.samples.reading import can_feed, read_rows
from almagest.sky.models import Survey


def catalog_labels(
    pairs: Neighbours, catalog: Survey, scored: Survey, method: Method, labelling: Labelling, *, ingest_id: int
) -> tuple[pa.Table, list[str]]:
    """``label`` and ``reason`` of each pair with the values they come from, and in words which came from where.

    The cut inputs are there too, for what is made of labelled objects later.

    Raises
    ------
    PluginError
        When the labelling gives another number of rows, or a class that it does not declare.
    """
    tables = (method.inputs, method.cut_inputs, labelling.inputs)
    wanted = list({c.name: c for table in tables for c in table.columns}.values())
    own = _read(catalog, wanted, pairs.label_id, ingest_id)
    other = _read(scored, wanted, pairs.scored_id, ingest_id)
    rows, notes = label_rows(own, other, catalog.slug, scored.slug, method, labelling)
    labels = labelling.function()(rows).select(["label", "reason"])
    if labels.num_rows != rows.num_rows:
        raise PluginError(f"{labelling.implementation} gave {labels.num_rows} rows for {rows.num_rows} objects")
    if unknown := set(labels["label"].unique().to_pylist()) - {None, *labelling.classes}:
        raise PluginError(f"{labelling.implementation} gave undeclared classes: {', '.join(sorted(unknown))}")
    labels = labels.cast(pa.schema([("label", pa.string()), ("reason", pa.string())]))
    seen = {c.name: other[c.name] if _declares(scored.slug, c) else own[c.name] for c in method.cut_inputs.columns}
    known = {name: rows[name] for name in rows.column_names}
    return pa.table(seen | known | {name: labels[name] for name in labels.column_names}), notes


def label_rows(
    own: pa.Table, other: pa.Table, catalog: str, scored: str, method: Method, labelling: Labelling
) -> tuple[pa.Table, list[str]]:
    """What the labelling is given: the catalog's rows, completed from the counterparts' as this module says."""
    given = [c.name for c in labelling.inputs.columns if _declares(catalog, c)]
    lent = [c for c in labelling.inputs.columns if c.name not in given]
    photometry = [name for name in method.inputs.names if name not in labelling.inputs]
    is_own = reduce(pc.and_, [_is_known(own[name]) for name in photometry], pa.array(np.ones(own.num_rows, bool)))
    values = {name: own[name] for name in given} | {c.name: other[c.name] for c in lent}
    values |= {name: pc.if_else(is_own, own[name], other[name]) for name in photometry}
    values["survey"] = pa.array([catalog] * own.num_rows, pa.string())
    there = [c.name for c in lent if _declares(scored, c)]
    nowhere = [c.name for c in lent if c.name not in there]
    notes = [
        f"{scored}: labels from {_words(given)} of {catalog}"
        + (f"; {_words(there)}, which {catalog} does not declare, of {scored}" if there else "")
        + (f"; {_words(nowhere)} of neither" if nowhere else "")
        + "."
    ]
    if photometry:
        share = f"{pc.sum(is_own).as_py() or 0} of {own.num_rows} pairs"
        notes.append(f"{scored}: {_words(photometry)} of {catalog} in {share}, of {scored} in the others.")
    return pa.table(values), notes


def _read(survey: Survey, wanted: list[Column], ids: np.ndarray, ingest_id: int) -> pa.Table:
    """One row an id, in their order."""
    rows = read_rows(survey, wanted, ingest_id=ingest_id, ids=ids)
    if rows.num_rows != len(ids):
        raise VerificationError(
            f"{survey.slug}: {len(ids) - rows.num_rows} objects have no measurements up to ingest {ingest_id}"
        )
    return rows.take(np.searchsorted(rows["object_id"].to_numpy(), ids))


def can_label(slug: str, inputs: Table) -> bool:
    """Whether a survey declares any of what labels are made of: without it all of a label would be the counterpart's."""
    return any(_declares(slug, column) for column in inputs.columns)


def _declares(slug: str, column: Column) -> bool:
    return can_feed(slug, Table("one", "", (column,)))


def _is_known(values: pa.ChunkedArray) -> pa.ChunkedArray:
    known = pc.is_finite(values) if pa.types.is_floating(values.type) else pc.is_valid(values)
    return pc.fill_null(known, False)


def _words(names: list[str]) -> str:
    return ", ".join(names) or "nothing"
