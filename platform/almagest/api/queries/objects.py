"""Lookups: objects by their ids, names or positions."""

from rest_framework import serializers

from almagest.core.listings.lookup import MOST_IDS
from almagest.formats import FORMATS
from almagest.sky.position_match import LARGEST_RADIUS_ARCSEC, MOST_POSITIONS


class Choosing(serializers.Serializer):
    """What a lookup takes beside its body."""

    format = serializers.ChoiceField(list(FORMATS), required=False, help_text="What to answer with.")
    columns = serializers.CharField(required=False, help_text="Names with commas between them, or 'all'.")


class ObjectIds(serializers.Serializer):
    """Ids to look up, in the order in which the answer will be."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**63 - 1), min_length=1, max_length=MOST_IDS
    )


class SourceIds(serializers.Serializer):
    """Ids of this database, or names within the survey: one of the two."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**63 - 1),
        required=False,
        min_length=1,
        max_length=MOST_IDS,
    )
    source_ids = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, min_length=1, max_length=MOST_IDS
    )


class Positions(serializers.Serializer):
    """Positions to match, as lists of one length."""

    ra = serializers.ListField(
        child=serializers.FloatField(min_value=0, max_value=360), min_length=1, max_length=MOST_POSITIONS
    )
    dec = serializers.ListField(
        child=serializers.FloatField(min_value=-90, max_value=90), min_length=1, max_length=MOST_POSITIONS
    )
    id = serializers.ListField(
        child=serializers.CharField(max_length=200, allow_blank=True), required=False, max_length=MOST_POSITIONS,
        help_text="What the positions are called: given back beside what was found.",
    )  # fmt: skip
    radius_arcsec = serializers.FloatField(min_value=0, max_value=LARGEST_RADIUS_ARCSEC, help_text="Above 0.")
    surveys = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, help_text="Without it all."
    )
    nearest = serializers.BooleanField(default=False, help_text="Only the nearest object of each survey.")
