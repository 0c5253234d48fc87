"""What people say of candidates: verdicts, choices, labels."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from almagest.api.queries import Text
from almagest.vetting.models import Confidence
from almagest.vetting.words import (
    LONGEST_NAME,
    LONGEST_SET,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_CHOICES,
    MOST_TAGS,
)

TAGS = "Words of a to z, 0 to 9, - and _."


@extend_schema_serializer(
    examples=[
        OpenApiExample("Sure", {"choice": "s", "confidence": 3, "tags": ["lsb"], "comment": "A tail to the north."})
    ]
)
class NewVerdict(serializers.Serializer):
    """What you say of a candidate; what you said of it before is kept as history."""

    choice = Text(max_length=LONGEST_NAME, help_text="Name of one of the catalog's choices.")
    confidence = serializers.IntegerField(
        default=Confidence.LIKELY.value, min_value=1, max_value=3, help_text="1 a guess, 2 likely, 3 sure."
    )
    tags = serializers.ListField(
        child=Text(max_length=LONGEST_NAME), default=list, max_length=MOST_TAGS, help_text=TAGS
    )
    comment = Text(default="", allow_blank=True, max_length=LONGEST_TEXT)


class ChoiceAsked(serializers.Serializer):
    """What a candidate may be found to be."""

    name = Text(max_length=LONGEST_NAME, help_text="In addresses: a to z, 0 to 9, - and _.")
    title = Text(max_length=LONGEST_TITLE)
    description = Text(default="", allow_blank=True, max_length=LONGEST_TEXT)
    sample_class = Text(
        default="", allow_blank=True, max_length=200, help_text="Class of the plugin that it stands for."
    )


class NewChoices(serializers.Serializer):
    """All choices of a catalog, in their order; those that are left out are retired."""

    choices = serializers.ListField(child=ChoiceAsked(), min_length=1, max_length=MOST_CHOICES)


@extend_schema_serializer(examples=[OpenApiExample("Outliers", {"tags": ["merger", "blend", "double-peaked"]})])
class NewTags(serializers.Serializer):
    """Tags to offer, in their order."""

    tags = serializers.ListField(child=Text(max_length=LONGEST_NAME), max_length=MOST_TAGS, help_text=TAGS)


@extend_schema_serializer(
    examples=[OpenApiExample("Two of three", {"name": "first", "minimum_verdicts": 3, "minimum_agreement": 0.66})]
)
class NewLabels(serializers.Serializer):
    """Verdicts to freeze as labels."""

    name = Text(max_length=LONGEST_SET, help_text="A word of a to z, 0 to 9, - and _, of no other set.")
    minimum_verdicts = serializers.IntegerField(default=1, min_value=1, max_value=2**31 - 1, help_text="On an object.")
    minimum_agreement = serializers.FloatField(
        default=0.5, min_value=0, max_value=1, help_text="Share of the verdicts on an object that say the same."
    )
