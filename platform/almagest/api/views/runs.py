"""Runs: starting, following, cancelling."""

from django.http import JsonResponse
from django.urls import reverse
from rest_framework import serializers
from rest_framework.exceptions import APIException

from almagest.accounts.selectors import owner_check
from almagest.api.describing import run_told
from almagest.api.documented import does, lists, tells
from almagest.api.queries import runs as queries
from almagest.api.rows import row_serializer
from almagest.api.views.base import ApiView, ListingView
from almagest.catalogs.services import catalog_publish_start
from almagest.predictions.services import scoring_start
from almagest.predictions.verification.services import verification_start
from almagest.registry.comparisons import comparison_start
from almagest.registry.selectors import method_get, plugin_get, version_get
from almagest.registry.training import training_start
from almagest.runs.listings import RUNS, run_listing
from almagest.runs.models import Run as RunModel
from almagest.runs.selectors import run_get, run_log
from almagest.runs.services import run_cancel
from almagest.samples.selectors import sample_get
from almagest.samples.services import sample_start
from almagest.vetting.selectors import label_set_get


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


class Starting(ApiView):
    """A kind of run to start: its body, and the service that starts it."""

    body: type[serializers.Serializer]

    def start(self, user, body: dict) -> RunModel:
        """Start it."""
        raise NotImplementedError

    def post(self, request):
        """Start it, and say where to follow it."""
        run = self.start(request.user, self.checked(self.body, request.data))
        answer = JsonResponse(run_told(run), status=202)
        answer.headers["Location"] = reverse("api:run", args=[run.pk])
        return answer


def starts(name: str, words: str, body: type[serializers.Serializer]):
    """Give a kind of run its body and its words in the schema."""

    def decorate(view: type[Starting]) -> type[Starting]:
        view.body = body
        view.post = does(name, words, body, RunWords, status=202)(lambda self, request: Starting.post(self, request))
        return view

    return decorate


def _version(user, body: dict):
    return version_get(user=user, plugin=body.pop("plugin"), method=body.pop("method"), number=body.pop("number", None))


@starts("freeze_sample", "Freeze a sample", queries.NewSample)
class FreezeSample(Starting):
    """Objects with labels and a split."""

    def start(self, user, body):
        """As `manage.py freeze_sample` does; with `labels` as `manage.py freeze_vetted_sample`."""
        labels = body.pop("labels", "")
        given = label_set_get(user=user, name=labels).for_sample if labels else {}
        return sample_start(**body, **given, owner=user)


@starts("train", "Train a model", queries.NewTraining)
class Train(Starting):
    """A model from a sample."""

    def start(self, user, body):
        """As `manage.py train` does."""
        method = method_get(plugin=body["plugin"], name=body["method"])
        sample = sample_get(user=user, name=body["sample"])
        return training_start(method=method, sample=sample, parameters=body["parameters"], owner=user)


@starts("score", "Score the sky", queries.NewScoring)
class Score(Starting):
    """A model's scores of surveys."""

    def start(self, user, body):
        """As `manage.py score` does."""
        return scoring_start(version=_version(user, body), surveys=body.get("surveys"), owner=user)


@starts("publish_catalog", "Publish a catalog", queries.NewCatalog)
class PublishCatalog(Starting):
    """A catalog of a model's candidates."""

    def start(self, user, body):
        """As `manage.py publish_catalog` does."""
        return catalog_publish_start(version=_version(user, body), **body, owner=user)


@starts("verify", "Hold a model's scores against a catalog of labels", queries.NewVerification)
class Verify(Starting):
    """A verification."""

    def start(self, user, body):
        """As `manage.py verify` does."""
        return verification_start(version=_version(user, body), **body, owner=user)


@starts("compare", "Make a study: train its contenders on one sample", queries.NewComparison)
class Compare(Starting):
    """A comparison."""

    def start(self, user, body):
        """As `manage.py compare` does."""
        return comparison_start(
            plugin=plugin_get(name=body["plugin"]), study=body["study"], given=body["parameters"],
            sample=sample_get(user=user, name=body["sample"]), owner=user,
        ).run  # fmt: skip
