"""Spectra: one as a table of its bins, many as a stream of rows with arrays."""

from typing import ClassVar

import numpy as np
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from almagest.api.documented import ABSENT, FILES, READING, WRITING, problems
from almagest.api.negotiation import TABLES
from almagest.api.queries.objects import ObjectIds
from almagest.api.views.base import ApiView
from almagest.core.listings.responses import streamed
from almagest.formats import FORMATS
from almagest.spectra.documents import STREAMS, grid_pieces, spectrum_pieces, stream_pieces
from almagest.spectra.fetching import read_grid, stream_spectra
from almagest.spectra.selectors import spectrum_get


class InFormat(serializers.Serializer):
    """What the answer is written in."""

    format = serializers.ChoiceField(list(FORMATS), required=False, help_text="What to answer with.")


class AsStream(serializers.Serializer):
    """What the answer is written in."""

    format = serializers.ChoiceField(STREAMS, required=False, help_text="What to answer with.")


class BinWords(serializers.Serializer):
    """A bin of a spectrum."""

    wavelength = serializers.FloatField(help_text="Angstrom; in the medium and frame that the measurements say.")
    flux = serializers.FloatField()
    ivar = serializers.FloatField(allow_null=True)
    mask = serializers.BooleanField()


def _gives(name: str, words: str, row: type[serializers.Serializer]):
    bins = type(f"{name.title().replace('_', '')}Answer", (serializers.Serializer,), {"rows": row(many=True)})
    answers = {(200, "application/json"): bins} | FILES | problems(READING, ABSENT)
    return extend_schema(operation_id=name, summary=words, responses=answers)


class Spectrum(ApiView):
    """One object's own spectrum."""

    renderer_classes: ClassVar = TABLES
    query = InFormat

    @_gives("spectrum", "One object's spectrum: wavelength, flux, inverse variance and mask of each bin", BinWords)
    def get(self, request, object_id):
        """Give all bins."""
        found, form = spectrum_get(user=self.reader, object_id=object_id), FORMATS[request.accepted_renderer.format]
        return streamed(spectrum_pieces(found, form), form, name=f"{found.survey.slug}-{found.source_id}")


class WavelengthWords(serializers.Serializer):
    """A bin of a grid."""

    wavelength = serializers.FloatField(help_text="Angstrom.")


class Grid(ApiView):
    """Wavelengths that many spectra share."""

    renderer_classes: ClassVar = TABLES
    query = InFormat

    @_gives("spectrum_grid", "Wavelengths of a grid, by the `grid_id` that spectra name", WavelengthWords)
    def get(self, request, grid_id):
        """Give all wavelengths, increasing."""
        form = FORMATS[request.accepted_renderer.format]
        return streamed(grid_pieces(read_grid(grid_id), form), form, name=f"grid-{grid_id}")


class SpectrumLookup(ApiView):
    """Spectra by the ids of their objects."""

    renderer_classes: ClassVar = tuple(each for name in STREAMS for each in TABLES if each.format == name)
    query = AsStream
    only_reads = True

    @extend_schema(
        operation_id="spectra_lookup",
        summary="Spectra of many objects, in the list's order, as a stream",
        request=ObjectIds,
        responses={(200, FORMATS[name].media_type): OpenApiTypes.BINARY for name in STREAMS}
        | problems(READING, WRITING),
    )
    def post(self, request):
        """Give a row for each id: `position`, `requested`, `is_found`; facts; `flux`, `ivar` and `mask` as lists.

        An id without a spectrum has `is_found` false; `mask` is null where no bin is masked, `ivar` where no errors are known.
        The wavelengths of `grid_id` are a route of their own.
        """
        ids = np.array(self.checked(ObjectIds, request.data)["ids"], np.int64)
        form = FORMATS[request.accepted_renderer.format]
        return streamed(
            stream_pieces(stream_spectra(user=self.reader, object_ids=ids), form.name), form, name="spectra"
        )
