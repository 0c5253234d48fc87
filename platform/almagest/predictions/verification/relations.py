"""What a plugin draws of the objects that a verification has confirmed."""

import json
import logging
from dataclasses import asdict

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Figure, Plugin, PluginError, Scatter
from almagest.contract.cuts import PREDICTED_CLASS
from almagest.core.copy import read_arrow
from almagest.predictions.verification.pairs import SurveyPairs
from almagest.samples.reading import id_condition

logger = logging.getLogger(__name__)


def related(plugin: Plugin, found: list[SurveyPairs]) -> list[dict]:
    """The plugin's figures of all labelled pairs; none where it declares no relations or there are no such pairs.

    Raises
    ------
    PluginError
        When the plugin's function fails, or gives something else than `Scatter`s that can be written as JSON.
    """
    parts = [labelled_pairs(pairs) for pairs in found] if plugin.relations else []
    if not any(part.num_rows for part in parts):
        return []
    try:
        return [_plain(figure) for figure in plugin.relate()(pa.concat_tables(parts))]
    except Exception as error:  # whatever it is, it is the plugin's
        logger.exception("plugin %s: %s", plugin.name, plugin.relations)
        raise PluginError(f"plugin {plugin.name}: {plugin.relations}: {type(error).__name__}: {error}") from error


def labelled_pairs(pairs: SurveyPairs) -> pa.Table:
    """What `Plugin.relations` is given of one scored survey."""
    names = _source_id(pairs.rows["scored_object_id"])
    given = {name: pairs.values[name] for name in pairs.values.column_names if name != "reason"}
    given |= {name: pairs.rows[name] for name in ("survey", "label", PREDICTED_CLASS, "score")} | {"source_id": names}
    return pa.table(given).filter(pc.is_valid(pairs.rows["label"]))


def _source_id(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """The names of scored objects, in their order."""
    condition, values = id_condition(ids.to_numpy())
    found = read_arrow(f"SELECT id, source_id FROM objects WHERE id {condition}", values)
    return found["source_id"].take(pc.index_in(ids, found["id"]))


def _plain(figure: Figure) -> dict:
    if not isinstance(figure, Scatter):
        raise TypeError(f"it gave a {type(figure).__name__}, where a Scatter is expected")
    return json.loads(json.dumps(asdict(figure), allow_nan=False))
