"""Labels that people have given to single objects, in place of the plugin's: a stored folder of `LABELS` and `ABOUT`."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from almagest.contract import SampleError
from almagest.core.files import local_copy

# The labels, with at least `object_id` and `label`, and where they are from, for people.
LABELS, ABOUT = "labels.parquet", "labels.json"


def read_given(given: Mapping[str, str], classes: tuple[str, ...]) -> pa.Table:
    """``object_id`` and ``label`` of a folder, by object.

    Parameters
    ----------
    given
        What the sample's definition says: ``name`` and ``folder``.
    classes
        The plugin's: no label is anything else.

    Raises
    ------
    FileStoreError, SampleError
        When the folder is damaged or cannot be read, labels an object twice, or has a label that is none of the plugin's classes.
    """
    with local_copy(given["folder"]) as folder:
        rows = _read(Path(folder) / LABELS, given["name"])
    if unknown := sorted(set(rows["label"].unique().to_pylist()) - set(classes)):
        raise SampleError(
            f"labels {given['name']}: {', '.join(map(str, unknown))} is no class of the plugin; it has {', '.join(classes)}"
        )
    if pc.count_distinct(rows["object_id"]).as_py() != rows.num_rows:
        raise SampleError(f"labels {given['name']}: an object has two labels; give each one")
    return rows.sort_by("object_id")


def with_given(rows: pa.Table, labels: pa.Array, given: pa.Table) -> tuple[pa.Array, dict[str, int]]:
    """The plugin's labels of these rows, with the given ones in their place, and what became of the given ones.

    Returns
    -------
    The labels, and how many were ``taken``: of these ``new`` where the plugin says nothing, ``other`` where it says something
    else; and how many are of objects that are ``not_here``: in none of the sample's surveys, or taken out by its cuts.
    """
    known, ids = given["object_id"].to_numpy(), rows["object_id"].to_numpy()
    at = np.searchsorted(known, ids).clip(max=len(known) - 1)
    taken = known[at] == ids
    said = given["label"].combine_chunks().take(pa.array(at, mask=~taken))
    is_null = labels.is_null().to_numpy(zero_copy_only=False)
    differs = pc.not_equal(said, labels).fill_null(False).to_numpy(zero_copy_only=False)
    counts = {
        "given": len(known), "taken": int(taken.sum()), "new": int((taken & is_null).sum()),
        "other": int(differs.sum()), "not_here": int(len(known) - np.isin(known, ids).sum()),
    }  # fmt: skip
    return pc.coalesce(said, labels), counts


def _read(path: Path, name: str) -> pa.Table:
    try:
        rows = pq.read_table(path, columns=["object_id", "label"])
        return rows.cast(pa.schema([("object_id", pa.int64()), ("label", pa.string())]))
    except (OSError, ValueError) as error:
        raise SampleError(f"labels {name} cannot be read: {error}; freeze them again") from None
