"""Which objects a model has learned from."""

import numpy as np

from almagest.contract.sample import Sample as SampleFolder
from almagest.core.files import opened_folder
from almagest.samples.groups import Groups, read_groups
from almagest.samples.models import Sample


def is_learned_from(sample: Sample, object_id: np.ndarray, *, cross_match_id: int) -> np.ndarray:
    """True for objects that the sample gave to learn from, and for all others of their cross-match groups, shape (n,).

    Groups are those of the cross-matches when the sample was cut and those up to `cross_match_id`: one that was made since
    may have found that an object is one of the sample's.
    """
    with opened_folder(sample.folder) as folder:
        learned = SampleFolder.open(folder, rows_only=True).train["object_id"].to_numpy()
    found = np.zeros(len(object_id), bool)
    for state in {sample.cross_match_id, cross_match_id}:
        groups = read_groups(cross_match_id=state, ingest_id=sample.ingest_id)
        found |= np.isin(_group_id(groups, object_id), _group_id(groups, learned))
    return found


def _group_id(groups: Groups, object_id: np.ndarray) -> np.ndarray:
    return groups.of(object_id, np.full(len(object_id), ""))[0]
