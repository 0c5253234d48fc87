"""Releases to make, and what is done with them."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from almagest.api.queries import Text
from almagest.releases.content import ALL
from almagest.releases.downloads import LONGEST_HOURS
from almagest.releases.errors import ReleaseError
from almagest.releases.words import LONGEST, LONGEST_TEXT, MOST_CREATORS, parse_creator


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Bright candidates",
            {
                "title": "Dwarf galaxies around Virgo",
                "creators": ["Payne-Gaposchkin, Cecilia; 0000-0002-1825-0097; Harvard"],
                "known_issues": ["Shredded spirals are among the rows."],
                "filters": {"p_s__min": "0.9"},
                "formats": ["parquet", "fits"],
            },
        )
    ]
)
class NewRelease(serializers.Serializer):
    """What is said of a release, and what it holds. Nothing of it changes once its files are built."""

    revision = serializers.IntegerField(
        default=None,
        allow_null=True,
        min_value=1,
        max_value=2**31 - 1,
        help_text="Of the catalog; without it the current one.",
    )
    title = Text(default="", allow_blank=True, max_length=LONGEST, help_text="Without it the catalog's.")
    description = Text(default="", allow_blank=True, max_length=LONGEST_TEXT, help_text="Without it the catalog's.")
    creators = serializers.ListField(
        child=Text(max_length=1000), default=list, max_length=MOST_CREATORS,
        help_text="Each 'Family, Given; ORCID; affiliation', or an organisation without a comma; without any, you.",
    )  # fmt: skip
    licence = Text(default="CC-BY-4.0", max_length=LONGEST, help_text="SPDX identifier, or words.")
    doi = Text(
        default="", allow_blank=True, max_length=LONGEST, help_text="Where one was reserved: 10.5281/zenodo.1234567."
    )
    known_issues = serializers.ListField(
        child=Text(max_length=LONGEST_TEXT), default=list, help_text="What users should know."
    )
    columns = serializers.ListField(
        child=Text(max_length=100), default=list,
        help_text="Names of the catalog's columns; without any all of them. Keys and position always are among them.",
    )  # fmt: skip
    filters = serializers.DictField(
        child=Text(max_length=1000), default=dict,
        help_text="Which rows, as the parameters of the catalog's candidates; without any all of them.",
    )  # fmt: skip
    formats = serializers.ListField(
        child=serializers.ChoiceField(ALL), default=list(ALL), help_text="Parquet is made always."
    )
    with_weights = serializers.BooleanField(default=False, help_text="Put the model's files beside the rows.")

    def validate_creators(self, texts):
        """Who they are, as the command and the page read them."""
        try:
            return [parse_creator(text) for text in texts]
        except ReleaseError as error:
            raise serializers.ValidationError(str(error)) from None


@extend_schema_serializer(examples=[OpenApiExample("A mistake", {"reason": "Magnitudes in g are 0.3 mag too bright."})])
class Retraction(serializers.Serializer):
    """Why nobody should use a release any more."""

    reason = Text(max_length=LONGEST_TEXT, help_text="People who have used it will read it.")


@extend_schema_serializer(examples=[OpenApiExample("A week", {"hours": 168})])
class NewLink(serializers.Serializer):
    """For how long anybody who has the link may fetch the files."""

    hours = serializers.IntegerField(min_value=1, max_value=LONGEST_HOURS)
