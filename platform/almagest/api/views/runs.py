"""Runs: following and cancelling them."""

from django.http import JsonResponse
from rest_framework import serializers
from rest_framework.exceptions import APIException

from almagest.accounts.selectors import owner_check
from almagest.api.describing import run_told
from almagest.api.documented import does, lists, tells
from almagest.api.rows import row_serializer
from almagest.api.views.base import ApiView, ListingView
from almagest.runs.listings import RUNS, run_listing
from almagest.runs.selectors import run_get, run_log
from almagest.runs.services import run_cancel


class RunWords(row_serializer(RUNS)):
    """A run, with what it was given and what came out."""

    parameters = serializers.DictField()
    outcome = serializers.DictField()
    is_over = serializers.BooleanField()
    cancel_asked = serializers.BooleanField()
    visibility = serializers.CharField()


class LogWords(serializers.Serializer):
    """A run's log."""

    lines = serializers.ListField(child=serializers.DictField(), help_text="Each with its `id`, `at` and `text`.")


class LogQuery(serializers.Serializer):
    """From where on."""

    after = serializers.IntegerField(
        default=0, min_value=0, max_value=2**63 - 1, help_text="Only lines with larger ids."
    )


class IsOver(APIException):
    """What has ended cannot be stopped."""

    status_code = 409


@lists("runs", "Runs, newest first", RUNS)
class Runs(ListingView):
    """What was asked of the workers."""

    def listing(self):
        """Those that the reader may see."""
        return run_listing(user=self.reader)


class Run(ApiView):
    """One run."""

    @tells("run", "One run: ask again until `is_over`", RunWords)
    def get(self, request, run_id):
        """Tell of it."""
        return JsonResponse(run_told(run_get(user=self.reader, run_id=run_id)))


class RunLog(ApiView):
    """What a run's workers wrote."""

    query = LogQuery

    @tells("run_log", "What a run's workers wrote, at most 1,000 lines a call", LogWords)
    def get(self, request, run_id):
        """Give the lines after the last one that the reader has."""
        lines = run_log(user=self.reader, run_id=run_id).filter(pk__gt=self.asked["after"]).order_by("pk")[:1000]
        return JsonResponse({"lines": [{"id": line.pk, "at": line.at, "text": line.text} for line in lines]})


class RunCancel(ApiView):
    """Stopping a run."""

    @does("run_cancel", "Stop a run", None, RunWords, more={409: "It has ended already"})
    def post(self, request, run_id):
        """At once, or when its worker next looks."""
        run = run_get(user=request.user, run_id=run_id)
        owner_check(user=request.user, thing=run, name=f"run {run_id}", what="cancel it")
        if run.is_over:
            raise IsOver(f"run {run_id} is {run.state} already; there is nothing to cancel")
        return JsonResponse(run_told(run_cancel(run_id=run.pk)))
