"""What lists take: pages, formats, columns, cones."""

from rest_framework import serializers

from almagest.formats import FORMATS
from almagest.sky.cone_filter import CONE
from almagest.sky.search import LARGEST_RADIUS_ARCSEC

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


class Said(serializers.Serializer):
    """What people have said as a filter."""

    vetted = serializers.ChoiceField(
        ["true", "false"], required=False, help_text="Those on which somebody has a verdict, or those still without."
    )
    verdict = serializers.CharField(
        required=False,
        help_text="Those of which most say this; several of the catalog's choices with commas between them.",
    )
    verdict__null = serializers.ChoiceField(
        ["true", "false"],
        required=False,
        help_text="Those that are vetted but split, or those of which most say the same.",
    )
    mine = serializers.ChoiceField(
        ["true", "false"],
        required=False,
        help_text="Those on which you have a verdict, or those still to do; with a login.",
    )


class Lasso(serializers.Serializer):
    """A part of the latent space as a filter."""

    latent_x = serializers.CharField(
        required=False,
        help_text="Axis of the filters below: number of a latent, from 1, or weights of all with commas; without it 1.",
    )
    latent_y = serializers.CharField(required=False, help_text="The other axis; without it 2.")
    lasso = serializers.CharField(
        required=False, help_text="Those within a polygon on the plane of both axes: 3 to 200 corners as x,y,x,y,…"
    )
    latent_x__min = serializers.FloatField(required=False, help_text="Those with at least so much along the axis.")
    latent_x__max = serializers.FloatField(required=False, help_text="Those with at most so much along the axis.")
    latent_y__min = serializers.FloatField(required=False, help_text="Those with at least so much along the axis.")
    latent_y__max = serializers.FloatField(required=False, help_text="Those with at most so much along the axis.")


class CandidatePaging(FilteredPaging, Said, Lasso):
    """A catalog's candidates, chosen by what people have said of them and by where they lie in the latent space too."""


class DifferencePaging(Paging, Said):
    """Rows that differ from one revision of a catalog to another, chosen by what people have said of them too."""


class VerdictPaging(Paging):
    """A list of verdicts."""

    tag = serializers.CharField(required=False, help_text="Those with this tag, or with all of several.")


class SimilarPaging(Paging):
    """What lies near an object in a latent space."""

    model_version = serializers.CharField(
        required=False,
        help_text="Whose space: plugin/method/number. Without it the version in production, or else the newest that has one.",
    )


class Search(Paging):
    """A cone search."""

    ra = serializers.FloatField(min_value=0, max_value=360, help_text="Right ascension of the centre, degrees, ICRS.")
    dec = serializers.FloatField(min_value=-90, max_value=90, help_text="Declination of the centre, degrees, ICRS.")
    radius_arcsec = serializers.FloatField(min_value=0, max_value=LARGEST_RADIUS_ARCSEC, help_text="Arcsec.")
    surveys = serializers.CharField(required=False, help_text="Surveys, with commas between them; without it all.")
