"""What a model finds like an object, with small spectra, for its page."""

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from almagest.predictions.similar import SIMILAR, LatentsError, Similar, similar_objects, version_name
from almagest.spectra.thumbnails import thumbnails


@dataclass(frozen=True)
class Alike:
    """One of them."""

    found: Similar
    drawing: SafeString | None


def similar_panel(*, user, object_id: int, model_version: str = "") -> dict[str, Any] | None:
    """The nearest in a model version's latent space; None where the object lies in none that the user may see.

    Raises
    ------
    LatentsError
        When `model_version` names one in which it does not lie.
    """
    try:
        alike = similar_objects(user=user, object_id=object_id, model_version=model_version)
    except LatentsError:
        if model_version:
            raise
        return None
    version, ids = alike.version, [each.object_id for each in alike.objects]
    drawings = thumbnails(user=user, object_ids=ids) if version.method.spectra and ids else {}
    return {
        "version": version,
        "name": version_name(version),
        "size": version.latents.shape[0],
        "rank": version.output_table[version.method.rank_by],
        "redshift": SIMILAR["redshift"],
        "objects": [Alike(each, drawings.get(each.object_id)) for each in alike.objects],
        "others": [(version_name(other), other) for other in alike.others],
    }
