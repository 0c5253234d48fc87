"""Parameters of addresses and bodies: their kinds and limits, once for the checks and once for the schema."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from almagest.accounts.models import Visibility
from almagest.core.listings.lookup import MOST_IDS
from almagest.formats import FORMATS
from almagest.predictions.verification.services import LARGEST_RADIUS_ARCSEC as LARGEST_PAIR_ARCSEC
from almagest.releases.content import ALL
from almagest.releases.downloads import LONGEST_HOURS
from almagest.releases.errors import ReleaseError
from almagest.releases.words import LONGEST, LONGEST_TEXT, MOST_CREATORS, parse_creator
from almagest.rescoring.policies import MOST_ADDRESSES, REASONS
from almagest.rescoring.schedules import HELP
from almagest.rescoring.schedules import LONGEST as LONGEST_TIMES
from almagest.sky.cone_filter import CONE
from almagest.sky.position_match import LARGEST_RADIUS_ARCSEC as LARGEST_MATCH_ARCSEC
from almagest.sky.position_match import MOST_POSITIONS
from almagest.sky.search import LARGEST_RADIUS_ARCSEC
from almagest.vetting.models import Confidence
from almagest.vetting.words import LONGEST_NAME, LONGEST_SET, LONGEST_TITLE, MOST_CHOICES, MOST_TAGS
from almagest.vetting.words import LONGEST_TEXT as LONGEST_COMMENT

LIMIT = r"^(all|10000|[1-9][0-9]{0,3})$"


class Nothing(serializers.Serializer):
    """A route without parameters."""


class Paging(serializers.Serializer):
    """What every list takes."""

    format = serializers.ChoiceField(
        list(FORMATS),
        required=False,
        help_text="What to answer with, rather than what Accept says. JSON comes in pages, the others whole.",
    )
    limit = serializers.RegexField(
        LIMIT,
        required=False,
        help_text="Rows of a page, or 'all' for a stream of all. Without it 100 in JSON, all in files.",
    )
    cursor = serializers.CharField(required=False, help_text="Where a page begins: from the address of the next page.")
    columns = serializers.CharField(
        required=False, help_text="Names with commas between them, or 'all'; else those of level 1 and 2."
    )
    sort = serializers.CharField(required=False, help_text="A column, with '-' before it for the largest first.")
    count = serializers.BooleanField(
        required=False, default=False, help_text="Count the rows too; above 10,000 it may be an estimate, and says so."
    )


class Cone(serializers.Serializer):
    """A cone as a filter."""

    cone_ra = serializers.FloatField(
        required=False, min_value=0, max_value=360, help_text="Degrees, ICRS; with the two below."
    )
    cone_dec = serializers.FloatField(required=False, min_value=-90, max_value=90, help_text="Degrees, ICRS.")
    radius_arcsec = serializers.FloatField(
        required=False, min_value=0, max_value=LARGEST_RADIUS_ARCSEC, help_text="Arcsec."
    )

    def validate(self, data):
        """All three, or none."""
        if 0 < sum(name in data for name in CONE) < len(CONE):
            raise serializers.ValidationError(f"a cone needs all of {', '.join(CONE)}")
        return data


class FilteredPaging(Paging, Cone):
    """A list of objects."""


class CandidatePaging(FilteredPaging):
    """A catalog's candidates, chosen by what people have said of them too."""

    vetted = serializers.ChoiceField(
        ["true", "false"], required=False, help_text="Those on which somebody has a verdict, or those still without."
    )
    verdict = serializers.CharField(
        required=False,
        help_text="Those of which most say this; several of the catalog's choices with commas between them.",
    )
    mine = serializers.ChoiceField(
        ["true", "false"],
        required=False,
        help_text="Those on which you have a verdict, or those still to do; with a login.",
    )


class VerdictPaging(Paging):
    """A list of verdicts."""

    tag = serializers.CharField(required=False, help_text="Those with this tag, or with all of several.")


class Search(Paging):
    """A cone search."""

    ra = serializers.FloatField(min_value=0, max_value=360, help_text="Right ascension of the centre, degrees, ICRS.")
    dec = serializers.FloatField(min_value=-90, max_value=90, help_text="Declination of the centre, degrees, ICRS.")
    radius_arcsec = serializers.FloatField(min_value=0, max_value=LARGEST_RADIUS_ARCSEC, help_text="Arcsec.")
    surveys = serializers.CharField(required=False, help_text="Surveys, with commas between them; without it all.")


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
    radius_arcsec = serializers.FloatField(min_value=0, max_value=LARGEST_MATCH_ARCSEC, help_text="Above 0.")
    surveys = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, help_text="Without it all."
    )
    nearest = serializers.BooleanField(default=False, help_text="Only the nearest object of each survey.")


class Text(serializers.CharField):
    """A text, and no number that would be written as one."""

    def to_internal_value(self, data):
        """The text without spaces around it."""
        return super().to_internal_value(data) if isinstance(data, str) else self.fail("invalid")


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
    radius_arcsec = serializers.FloatField(min_value=0, max_value=LARGEST_PAIR_ARCSEC, help_text="Above 0.")


class NewComparison(serializers.Serializer):
    """A study to make."""

    plugin = serializers.CharField(max_length=60)
    study = serializers.CharField(max_length=60)
    sample = serializers.CharField(max_length=80)
    parameters = serializers.DictField(default=dict, help_text="Given to every contender whose method has them.")


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
        child=Text(max_length=LONGEST_NAME),
        default=list,
        max_length=MOST_TAGS,
        help_text="Words of a to z, 0 to 9, - and _.",
    )
    comment = Text(default="", allow_blank=True, max_length=LONGEST_COMMENT)


class ChoiceAsked(serializers.Serializer):
    """What a candidate may be found to be."""

    name = Text(max_length=LONGEST_NAME, help_text="In addresses: a to z, 0 to 9, - and _.")
    title = Text(max_length=LONGEST_TITLE)
    description = Text(default="", allow_blank=True, max_length=LONGEST_COMMENT)
    sample_class = Text(
        default="", allow_blank=True, max_length=200, help_text="Class of the plugin that it stands for."
    )


class NewChoices(serializers.Serializer):
    """All choices of a catalog, in their order; those that are left out are retired."""

    choices = serializers.ListField(child=ChoiceAsked(), min_length=1, max_length=MOST_CHOICES)


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


class PolicyValues(serializers.Serializer):
    """What a policy may be told."""

    reasons = serializers.ListField(
        child=serializers.ChoiceField(list(REASONS)), required=False, help_text="Without any, whatever is stale is one."
    )
    at_least = serializers.IntegerField(
        required=False, min_value=1, max_value=10**9, help_text="Fewer stale objects wait for more; else 1."
    )
    drift_threshold = serializers.FloatField(
        required=False, min_value=0, max_value=100,
        help_text="Population stability index from which on a column has drifted: above 0; else 0.2.",
    )  # fmt: skip
    notify = serializers.ListField(
        child=Text(max_length=254), required=False, max_length=MOST_ADDRESSES,
        help_text="E-mail addresses, for letters when a pass has ended, has failed, or has found a drift.",
    )  # fmt: skip


@extend_schema_serializer(
    examples=[OpenApiExample("Every night", {"schedule": "30 3 * * * Europe/Berlin", "reasons": ["new", "changed"]})]
)
class NewPolicy(PolicyValues):
    """When a catalog is rescored, and for which reasons."""

    schedule = Text(max_length=LONGEST_TIMES, help_text=f"{HELP[0].upper()}{HELP[1:]}.")


@extend_schema_serializer(examples=[OpenApiExample("Pause", {"is_paused": True})])
class PolicyChange(PolicyValues):
    """What changes of a policy."""

    schedule = Text(required=False, max_length=LONGEST_TIMES, help_text=f"{HELP}.")
    is_paused = serializers.BooleanField(required=False, help_text="Whether it waits until somebody lets it go on.")


class Sharing(serializers.Serializer):
    """Who may see a thing."""

    visibility = serializers.ChoiceField(Visibility.choices)
    group = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=150, help_text="One of yours."
    )
