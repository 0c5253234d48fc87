"""When a catalog is rescored, and to where it goes back."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from almagest.api.queries import Text
from almagest.rescoring.policies import MOST_ADDRESSES, REASONS
from almagest.rescoring.schedules import HELP, LONGEST


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

    schedule = Text(max_length=LONGEST, help_text=f"{HELP[0].upper()}{HELP[1:]}.")


@extend_schema_serializer(examples=[OpenApiExample("Pause", {"is_paused": True})])
class PolicyChange(PolicyValues):
    """What changes of a policy."""

    schedule = Text(required=False, max_length=LONGEST, help_text=f"{HELP}.")
    is_paused = serializers.BooleanField(required=False, help_text="Whether it waits until somebody lets it go on.")


@extend_schema_serializer(examples=[OpenApiExample("The first", {"revision": 1})])
class RollBack(serializers.Serializer):
    """Where to go back to."""

    revision = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, help_text="One that shares its `base` with the current, and is kept."
    )
