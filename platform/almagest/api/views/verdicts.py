"""Verdicts on candidates: what people say, and what it comes to."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework import serializers

from almagest.accounts.tokens import Scope
from almagest.api.answers import plain
from almagest.api.documented import does, lists, tells
from almagest.api.queries.listings import VerdictPaging
from almagest.api.queries.vetting import NewVerdict
from almagest.api.rows import row_serializer
from almagest.api.views.base import ApiView, ListingView
from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import catalog_get
from almagest.core.listings import read_page
from almagest.vetting import selectors
from almagest.vetting.listings import CONSENSUS, VERDICTS, consensus_listing, parse_tag, verdict_listing
from almagest.vetting.services import verdict_give, verdict_withdraw

# Of one object: more than people and their changes of mind will ever give.
MOST_VERDICTS = 10_000


class VettingWords(serializers.Serializer):
    """How far a catalog is vetted, and how far people agree."""

    vetted = serializers.IntegerField(help_text="Objects with a current verdict.")
    agreement = serializers.FloatField(
        allow_null=True, help_text="Share of an object's verdicts that say the same, on average."
    )
    alpha = serializers.FloatField(
        allow_null=True, help_text="Krippendorff's alpha for nominal data; null where nothing can be said."
    )
    alpha_objects = serializers.IntegerField(help_text="Objects with two verdicts or more, which it is from.")
    choices = serializers.DictField(
        child=serializers.IntegerField(), help_text="Vetted objects by what most say of them."
    )
    split = serializers.IntegerField(help_text="Vetted objects of which people say different things.")
    people = serializers.DictField(
        child=serializers.IntegerField(), help_text="Current verdicts by person; nothing for readers without a login."
    )
    tags = serializers.DictField(
        child=serializers.IntegerField(), help_text="Current verdicts by tag, the 50 most frequent."
    )


class VerdictWords(row_serializer(VERDICTS)):
    """A verdict."""


class ObjectVerdictsWords(serializers.Serializer):
    """What is said of one object in a catalog."""

    object_id = serializers.IntegerField()
    is_candidate = serializers.BooleanField(help_text="False: it has left the catalog; what was said of it stays.")
    choice = serializers.CharField(allow_null=True, help_text="What most say; null where as many say something else.")
    verdicts = serializers.IntegerField(help_text="Number of current verdicts.")
    agreement = serializers.FloatField(allow_null=True)
    rows = VerdictWords(many=True, help_text="All verdicts and withdrawals, newest first.")


class OfCatalog:
    """Routes below a catalog."""

    def edition(self, user) -> Edition:
        """The catalog in the address, as it is now."""
        return catalog_get(user=user, slug=self.kwargs["catalog"])


@lists("verdicts", "What people have said of a catalog's candidates, newest first", VERDICTS, absent=True)
class Verdicts(OfCatalog, ListingView):
    """Verdicts, earlier ones and withdrawals among them; `is_current` chooses. Names and comments are for those who log in."""

    query = VerdictPaging

    def listing(self):
        """Those of the catalog in the address."""
        return verdict_listing(user=self.reader, edition=self.edition(self.reader))

    def narrowed(self, listing):
        """By tag."""
        return parse_tag(listing, self.asked)


@lists("vetted", "A catalog's vetted objects, with what most say and how far people agree", CONSENSUS, absent=True)
class Vetted(OfCatalog, ListingView):
    """What the verdicts come to."""

    def listing(self):
        """Of the catalog in the address."""
        return consensus_listing(user=self.reader, edition=self.edition(self.reader))


class Vetting(OfCatalog, ApiView):
    """How far a catalog is vetted."""

    @tells("vetting", "How far a catalog is vetted, and how far people agree", VettingWords)
    def get(self, request, catalog):
        """Tell of it."""
        told = {"user": self.reader, "edition": self.edition(self.reader)}
        found, (alpha, objects) = selectors.standing(**told), selectors.alpha(**told)
        counts = selectors.choice_counts(**told)
        return JsonResponse({
            "vetted": found.vetted, "agreement": found.agreement, "alpha": alpha, "alpha_objects": objects,
            "choices": {choice.name: n for choice, n in counts if choice},
            "split": sum(n for choice, n in counts if choice is None),
            "people": dict(selectors.people_counts(**told)), "tags": dict(selectors.tag_counts(**told)),
        })  # fmt: skip


class ObjectVerdicts(OfCatalog, ApiView):
    """What is said of one object in a catalog."""

    scope = Scope.VET

    @tells("object_verdicts", "What people have said of one candidate, with the history", ObjectVerdictsWords)
    def get(self, request, catalog, object_id):
        """Tell of it."""
        edition = self.edition(self.reader)
        seen = selectors.candidate_get(user=self.reader, edition=edition, object_id=object_id)
        settled = selectors.consensus_of(edition, [object_id]).get(object_id)
        return JsonResponse({
            "object_id": object_id, "is_candidate": seen.is_there,
            "choice": settled and settled.choice and settled.choice.name, "verdicts": settled.verdicts if settled else 0,
            "agreement": settled and settled.agreement, "rows": _rows(self.reader, edition, "object_id", object_id),
        })  # fmt: skip

    @does("verdict_give", "Say what a candidate is", NewVerdict, VerdictWords, status=201)
    def post(self, request, catalog, object_id):
        """Give your verdict; the one that you gave before is followed by it and kept."""
        body = self.checked(NewVerdict, request.data)
        verdict = verdict_give(user=request.user, catalog=catalog, object_id=object_id, **body)
        (row,) = _rows(request.user, self.edition(request.user), "id", verdict.pk)
        return JsonResponse(row, status=201)

    @does("verdict_withdraw", "Withdraw your verdict on a candidate", None, None, status=204)
    def delete(self, request, catalog, object_id):
        """Take it back; the history keeps it."""
        verdict_withdraw(user=request.user, catalog=catalog, object_id=object_id)
        return HttpResponse(status=204)


def _rows(user, edition: Edition, column: str, value: int) -> list[dict[str, Any]]:
    listing = verdict_listing(user=user, edition=edition).limited_to((f"{column} = %s", [value])).choosing("all")
    return [plain(row) for row in read_page(listing, size=MOST_VERDICTS).rows]
