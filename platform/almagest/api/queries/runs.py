"""Runs to start: what each kind is given."""

from rest_framework import serializers

from almagest.api.queries import Text
from almagest.predictions.reconstruction.services import MOST_OBJECTS
from almagest.predictions.verification.services import LARGEST_RADIUS_ARCSEC
from almagest.vetting.words import LONGEST_SET


class NewSample(serializers.Serializer):
    """A sample to freeze."""

    name = serializers.SlugField(max_length=80)
    plugin = serializers.CharField(max_length=60)
    method = serializers.CharField(max_length=60)
    surveys = serializers.ListField(child=serializers.CharField(max_length=60), min_length=1, max_length=50)
    seed = serializers.IntegerField(default=1, min_value=0, max_value=2**31 - 1)
    test_fraction = serializers.FloatField(default=0.2, min_value=0, max_value=1, help_text="Above 0 and below 1.")
    labels = Text(
        required=False, max_length=LONGEST_SET, help_text="A label set, whose labels stand in place of the plugin's."
    )


class NewTraining(serializers.Serializer):
    """A model to train."""

    plugin = serializers.CharField(max_length=60)
    method = serializers.CharField(max_length=60)
    sample = serializers.CharField(max_length=80)
    parameters = serializers.DictField(default=dict, help_text="The method's parameters that differ from its own.")


class OfModel(serializers.Serializer):
    """A model version; without a number the newest."""

    plugin = serializers.CharField(max_length=60)
    method = serializers.CharField(max_length=60)
    number = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class NewScoring(OfModel):
    """A sky to score."""

    surveys = serializers.ListField(
        child=serializers.CharField(max_length=60),
        required=False,
        min_length=1,
        max_length=50,
        help_text="Else all that have the inputs.",
    )


class NewCatalog(OfModel):
    """A catalog to publish."""

    slug = serializers.SlugField(max_length=80)
    threshold = serializers.FloatField(min_value=0, max_value=1)
    title = serializers.CharField(default="", allow_blank=True, max_length=200)
    description = serializers.CharField(default="", allow_blank=True, max_length=10_000)


class NewVerification(OfModel):
    """A model to hold against a catalog of labels."""

    survey = serializers.CharField(max_length=60)
    radius_arcsec = serializers.FloatField(min_value=0, max_value=LARGEST_RADIUS_ARCSEC, help_text="Above 0.")


class NewReconstructions(OfModel):
    """Objects of whose spectra a model is to say what it expects."""

    objects = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**63 - 1), min_length=1, max_length=MOST_OBJECTS
    )


class NewComparison(serializers.Serializer):
    """A study to make."""

    plugin = serializers.CharField(max_length=60)
    study = serializers.CharField(max_length=60)
    sample = serializers.CharField(max_length=80)
    parameters = serializers.DictField(default=dict, help_text="Given to every contender whose method has them.")
