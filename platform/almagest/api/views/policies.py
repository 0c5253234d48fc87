"""Policies: when a catalog is rescored, and for which reasons."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework import serializers

from almagest.accounts.selectors import may_change
from almagest.accounts.tokens import Scope
from almagest.api.documented import does, tells
from almagest.api.queries.rescoring import NewPolicy, PolicyChange
from almagest.api.views.base import ApiView
from almagest.catalogs.selectors import catalog_get
from almagest.rescoring.models import Pass, Policy
from almagest.rescoring.policies import policy_change, policy_create, policy_delete, reasons_of
from almagest.rescoring.policy_selectors import next_due, policy_get, policy_list, runs_seen, times_of
from almagest.runs.models import Run


class PolicyPassWords(serializers.Serializer):
    """A pass that a policy has started."""

    id = serializers.IntegerField()
    run = serializers.IntegerField(allow_null=True, help_text="Null where you may not see it.")
    state = serializers.ChoiceField(Run.State.choices, allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    created = serializers.DateTimeField()


class PolicyWords(serializers.Serializer):
    """A policy, and what came of it."""

    id = serializers.IntegerField()
    catalog_slug = serializers.CharField()
    schedule = serializers.CharField(allow_blank=True)
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Without any, whatever is stale is one.")
    at_least = serializers.IntegerField(help_text="Fewer stale objects wait for more.")
    drift_threshold = serializers.FloatField(help_text="Population stability index from which on a column has drifted.")
    notify = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Addresses; null for those who may not change it."
    )
    is_paused = serializers.BooleanField()
    checked = serializers.DateTimeField(allow_null=True, help_text="When it was last looked at.")
    note = serializers.CharField(allow_blank=True, help_text="What came of that.")
    due = serializers.DateTimeField(allow_null=True, help_text="When it is looked at next; null while it is paused.")
    passes = PolicyPassWords(many=True, help_text="The last few that it has started, newest first.")
    created = serializers.DateTimeField()


class PoliciesWords(serializers.Serializer):
    """All policies of a catalog."""

    policies = PolicyWords(many=True)


class Policies(ApiView):
    """Policies of a catalog."""

    scope = Scope.MANAGE

    @tells("policies", "When a catalog is rescored, and for which reasons", PoliciesWords)
    def get(self, request, catalog):
        """Tell of all of them, in the order made."""
        found = list(policy_list(user=self.reader, catalog=catalog))
        return JsonResponse({"policies": _told(found, self.reader)})

    @does("policy_create", "Have a catalog rescored at its times, where one of its reasons holds", NewPolicy, PolicyWords,
          status=201)  # fmt: skip
    def post(self, request, catalog):
        """Make a policy, as `manage.py policy add` does."""
        edition = catalog_get(user=request.user, slug=catalog)
        made = policy_create(user=request.user, catalog=edition.catalog, **self.checked(NewPolicy, request.data))
        return _answer(request.user, catalog, made.pk, status=201)


class OnePolicy(ApiView):
    """One policy."""

    scope = Scope.MANAGE

    @tells("policy", "One policy, and what came of it", PolicyWords)
    def get(self, request, catalog, pk):
        """Tell of it."""
        return _answer(self.reader, catalog, pk)

    @does("policy_change", "Change a policy, pause it, or let it go on", PolicyChange, PolicyWords)
    def patch(self, request, catalog, pk):
        """Change what is given; the rest stays."""
        policy = policy_get(user=request.user, catalog=catalog, pk=pk)
        policy_change(user=request.user, policy=policy, **self.checked(PolicyChange, request.data))
        return _answer(request.user, catalog, pk)

    @does("policy_delete", "Delete a policy", None, None, status=204)
    def delete(self, request, catalog, pk):
        """Take it away; the passes that it has started stay."""
        policy_delete(user=request.user, policy=policy_get(user=request.user, catalog=catalog, pk=pk))
        return HttpResponse(status=204)


def _answer(user, catalog: str, pk: int, status: int = 200) -> JsonResponse:
    (told,) = _told([policy_get(user=user, catalog=catalog, pk=pk)], user)
    return JsonResponse(told, status=status)


def _told(policies: list[Policy], user) -> list[dict[str, Any]]:
    seen = runs_seen(user=user, policies=policies)
    kept = ("id", "at_least", "drift_threshold", "is_paused", "checked", "note", "created")
    return [
        {name: getattr(policy, name) for name in kept} | {
            "catalog_slug": policy.catalog.slug, "schedule": times_of(policy), "reasons": reasons_of(policy), "due": next_due(policy),
            "notify": policy.notify if may_change(user, policy.catalog) else None,
            "passes": [_pass_told(each, seen) for each in policy.last_passes],
        } for policy in policies
    ]  # fmt: skip


def _pass_told(found: Pass, seen: set[int]) -> dict[str, Any]:
    told = {name: getattr(found, name) for name in ("id", "reasons", "created")}
    return told | {"run": found.run_id if found.run_id in seen else None, "state": found.run and found.run.state}
