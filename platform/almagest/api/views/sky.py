"""Surveys, objects, measurements; searches by position."""

import numpy as np
from django.http import JsonResponse
from rest_framework import serializers

from almagest.api.answers import lookup_answer, plain
from almagest.api.describing import columns_described, prediction_told
from almagest.api.documented import lists, looks_up, tells
from almagest.api.negotiation import TABLES
from almagest.api.queries.listings import FilteredPaging, Search, SimilarPaging
from almagest.api.queries.objects import Choosing, ObjectIds, Positions, SourceIds
from almagest.api.rows import ColumnWords, row_serializer
from almagest.api.views.base import ApiView, ListingView, not_both
from almagest.core.listings.lookup import looked_up
from almagest.predictions.selectors import object_predictions
from almagest.predictions.similar import SIMILAR, similar_listing
from almagest.sky.listings import (
    OBJECTS,
    SURVEYS,
    measurement_columns,
    measurement_listing,
    object_listing,
    survey_listing,
)
from almagest.sky.position_match import position_match
from almagest.sky.search import within_cone
from almagest.sky.selectors import object_counterparts, object_get_by_id, survey_get


class SurveyWords(row_serializer(SURVEYS)):
    """A survey, with the columns of its measurements."""

    columns = ColumnWords(many=True)


class ObjectWords(row_serializer(OBJECTS)):
    """An object, with all that is known of it."""

    revision = serializers.IntegerField()
    measurements = serializers.DictField()
    predictions = serializers.ListField(child=serializers.DictField())
    counterparts = serializers.ListField(child=serializers.DictField())


@lists("surveys", "Survey releases", SURVEYS)
class Surveys(ListingView):
    """The survey releases whose objects are here."""

    def listing(self):
        """Those that the reader may see."""
        return survey_listing(user=self.reader)


class Survey(ApiView):
    """One survey release."""

    @tells("survey", "One survey release with its columns", SurveyWords)
    def get(self, request, survey):
        """Tell of it."""
        found = survey_get(user=self.reader, slug=survey)
        told = {column.name: getattr(found, column.name) for column in SURVEYS.columns}
        return JsonResponse(told | {"columns": columns_described(measurement_columns(found))})


@lists("measurements", "A survey's measurements", absent=True)
class Measurements(ListingView):
    """The current measurements of a survey's objects."""

    query = FilteredPaging

    def listing(self):
        """Those of the survey in the address."""
        return measurement_listing(survey=survey_get(user=self.reader, slug=self.kwargs["survey"]))


class MeasurementLookup(ApiView):
    """Measurements by a list of ids or names."""

    renderer_classes = TABLES
    query, only_reads = Choosing, True

    @looks_up(
        "measurements_lookup", "A survey's measurements by a list of ids or names, in the list's order", SourceIds
    )
    def post(self, request, survey):
        """Give them in the list's order."""
        listing = measurement_listing(survey=survey_get(user=self.reader, slug=survey)).choosing(
            self.asked.get("columns", "")
        )
        body = self.checked(SourceIds, request.data)
        which = not_both(body, "ids", "source_ids")
        return lookup_answer(
            request, looked_up(listing, body[which], by="object_id" if which == "ids" else "source_id")
        )


@lists("objects", "Objects of all surveys", OBJECTS)
class Objects(ListingView):
    """Objects of all surveys."""

    query = FilteredPaging

    def listing(self):
        """Those that the reader may see."""
        return object_listing(user=self.reader)


class ObjectLookup(ApiView):
    """Objects by a list of ids."""

    renderer_classes = TABLES
    query, only_reads = Choosing, True

    @looks_up("objects_lookup", "Objects by a list of ids, in the list's order", ObjectIds, absent=False)
    def post(self, request):
        """Give them in the list's order."""
        listing = object_listing(user=self.reader).choosing(self.asked.get("columns", ""))
        return lookup_answer(request, looked_up(listing, self.checked(ObjectIds, request.data)["ids"], by="object_id"))


class Object(ApiView):
    """One object."""

    @tells("object", "One object: measurements, every model's score, counterparts", ObjectWords)
    def get(self, request, object_id):
        """Tell of it."""
        found = object_get_by_id(user=self.reader, object_id=object_id)
        predictions = object_predictions(user=self.reader, object_id=found.id, revision=found.revision)
        counterparts = object_counterparts(user=self.reader, object_id=found.id)
        return JsonResponse({
            "object_id": found.id, "survey": found.survey.slug, "source_id": found.source_id, "ra": found.ra, "dec": found.dec,
            "healpix": found.healpix, "revision": found.revision,
            "measurements": {column.name: plain(value) for column, value in found.values},
            "predictions": [prediction_told(prediction) for prediction in predictions],
            "counterparts": [
                {"object_id": c.object_id, "survey": c.survey.slug, "source_id": c.source_id, "ra": c.ra, "dec": c.dec,
                 "separation_arcsec": c.separation_arcsec}
                for c in counterparts
            ],
        })  # fmt: skip


@lists("similar", "Objects nearest to one in a model version's latent space, the nearest first", SIMILAR, absent=True)
class SimilarObjects(ListingView):
    """What a model finds alike."""

    query = SimilarPaging

    def listing(self):
        """The ten nearest of the same model version."""
        name = self.request.query_params.get("model_version", "")
        return similar_listing(user=self.reader, object_id=self.kwargs["object_id"], model_version=name)


@lists("cone", "Objects within a radius of a position, the nearest first", OBJECTS)
class ConeSearch(ListingView):
    """Objects near a position."""

    query = Search

    def listing(self):
        """Those within the radius, the nearest first."""
        names = self.request.query_params.get("surveys", "")
        surveys = [name.strip() for name in names.split(",") if name.strip()] or None
        return object_listing(user=self.reader, surveys=surveys)

    def narrowed(self, listing):
        """Within the cone."""
        return within_cone(listing, **{name: self.asked[name] for name in ("ra", "dec", "radius_arcsec")})


class CrossMatch(ApiView):
    """A list of positions against the sky."""

    renderer_classes = TABLES
    query, only_reads = Choosing, True

    @looks_up(
        "cross_match", "Objects near each of up to 100,000 positions, in the list's order", Positions, absent=False
    )
    def post(self, request):
        """Give them in the list's order."""
        body = self.checked(Positions, request.data)
        listing = position_match(
            user=self.reader, ra=np.array(body["ra"]), dec=np.array(body["dec"]), names=body.get("id"),
            radius_arcsec=body["radius_arcsec"], surveys=body.get("surveys"), nearest=body["nearest"],
        )  # fmt: skip
        return lookup_answer(request, listing.choosing(self.asked.get("columns", "")))
