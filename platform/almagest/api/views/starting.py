"""Starting runs: one address for each kind."""

from django.http import JsonResponse
from django.urls import reverse
from rest_framework import serializers

from almagest.api.describing import run_told
from almagest.api.documented import does
from almagest.api.queries import runs as queries
from almagest.api.views.base import ApiView
from almagest.api.views.runs import RunWords
from almagest.catalogs.services import catalog_publish_start
from almagest.predictions.reconstruction.services import reconstruction_start
from almagest.predictions.services import scoring_start
from almagest.predictions.verification.services import verification_start
from almagest.registry.comparisons import comparison_start
from almagest.registry.selectors import method_get, plugin_get, version_get
from almagest.registry.training import training_start
from almagest.runs.models import Run
from almagest.samples.selectors import sample_get
from almagest.samples.services import sample_start
from almagest.vetting.selectors import label_set_get


class Starting(ApiView):
    """A kind of run to start: its body, and the service that starts it."""

    body: type[serializers.Serializer]

    def start(self, user, body: dict) -> Run:
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


@starts("reconstruct", "Have a model say what flux it expects of objects' spectra", queries.NewReconstructions)
class Reconstruct(Starting):
    """What a model makes of spectra."""

    def start(self, user, body):
        """As `manage.py reconstruct` does."""
        return reconstruction_start(user=user, version=_version(user, body), object_ids=body["objects"])


@starts("compare", "Make a study: train its contenders on one sample", queries.NewComparison)
class Compare(Starting):
    """A comparison."""

    def start(self, user, body):
        """As `manage.py compare` does."""
        return comparison_start(
            plugin=plugin_get(name=body["plugin"]), study=body["study"], given=body["parameters"],
            sample=sample_get(user=user, name=body["sample"]), owner=user,
        ).run  # fmt: skip
