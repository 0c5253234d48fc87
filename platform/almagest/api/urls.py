"""Addresses of the API, version 1. They stay; what is added later does not change what they give."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from almagest.api.schema import MadeOnce
from almagest.api.views import (
    account,
    catalogs,
    choices,
    labels,
    models,
    policies,
    releases,
    rescoring,
    runs,
    sky,
    spectra,
    starting,
    tags,
    verdicts,
    verifications,
)
from almagest.api.views.documentation import documentation

app_name = "api"
CATALOG = "catalogs/<slug:catalog>/"
MODEL = "models/<slug:plugin>/<slug:method>/<int:number>/"
RELEASE = "releases/<slug:catalog>/<slug:version>/"
SHARED = {
    "survey": "surveys/<slug:survey>/", "catalog": "catalogs/<slug:catalog>/", "sample": "samples/<slug:name>/", "model": MODEL,
    "run": "runs/<int:run_id>/", "comparison": "comparisons/<int:pk>/", "verification": "verifications/<int:pk>/",
    "release": RELEASE, "labels": "labels/<slug:name>/",
}  # fmt: skip

urlpatterns = [
    path("", account.Root.as_view(), name="root"),
    path("schema/", SpectacularJSONAPIView.as_view(generator_class=MadeOnce), name="schema"),
    path("documentation/", documentation, name="documentation"),
    path("account/", account.Account.as_view(), name="account"),
    path("surveys/", sky.Surveys.as_view(), name="surveys"),
    path("surveys/<slug:survey>/", sky.Survey.as_view(), name="survey"),
    path("surveys/<slug:survey>/measurements/", sky.Measurements.as_view(), name="measurements"),
    path("surveys/<slug:survey>/measurements/lookup/", sky.MeasurementLookup.as_view(), name="measurements-lookup"),
    path("objects/", sky.Objects.as_view(), name="objects"),
    path("objects/lookup/", sky.ObjectLookup.as_view(), name="objects-lookup"),
    path("objects/<int:object_id>/", sky.Object.as_view(), name="object"),
    path("objects/<int:object_id>/similar/", sky.SimilarObjects.as_view(), name="similar"),
    path("objects/<int:object_id>/spectrum/", spectra.Spectrum.as_view(), name="spectrum"),
    path("spectra/lookup/", spectra.SpectrumLookup.as_view(), name="spectra-lookup"),
    path("spectra/grids/<int:grid_id>/", spectra.Grid.as_view(), name="spectrum-grid"),
    path("cone/", sky.ConeSearch.as_view(), name="cone"),
    path("cross-match/", sky.CrossMatch.as_view(), name="cross-match"),
    path("catalogs/", catalogs.Catalogs.as_view(), name="catalogs"),
    path("catalogs/<slug:catalog>/", catalogs.Catalog.as_view(), name="catalog"),
    path("catalogs/<slug:catalog>/candidates/", catalogs.Candidates.as_view(), name="candidates"),
    path("catalogs/<slug:catalog>/candidates/lookup/", catalogs.CandidateLookup.as_view(), name="candidates-lookup"),
    path("catalogs/<slug:catalog>/releases/", releases.ReleaseStart.as_view(), name="release-start"),
    path(f"{CATALOG}revisions/", rescoring.Revisions.as_view(), name="revisions"),
    path(f"{CATALOG}passes/", rescoring.Passes.as_view(), name="passes"),
    path(f"{CATALOG}passes/<int:pk>/", rescoring.Pass.as_view(), name="pass"),
    path(f"{CATALOG}differences/<int:earlier>/<int:later>/", rescoring.Differences.as_view(), name="differences"),
    path(f"{CATALOG}rescoring/", rescoring.Rescoring.as_view(), name="rescoring"),
    path(f"{CATALOG}roll-back/", rescoring.RollingBack.as_view(), name="roll-back"),
    path(f"{CATALOG}vetting/", verdicts.Vetting.as_view(), name="vetting"),
    path(f"{CATALOG}vetted/", verdicts.Vetted.as_view(), name="vetted"),
    path(f"{CATALOG}verdicts/", verdicts.Verdicts.as_view(), name="verdicts"),
    path(f"{CATALOG}verdicts/<int:object_id>/", verdicts.ObjectVerdicts.as_view(), name="object-verdicts"),
    path(f"{CATALOG}choices/", choices.Choices.as_view(), name="choices"),
    path(f"{CATALOG}tags/", tags.Tags.as_view(), name="tags"),
    path(f"{CATALOG}labels/", labels.LabelsFreeze.as_view(), name="labels-freeze"),
    path(f"{CATALOG}policies/", policies.Policies.as_view(), name="policies"),
    path(f"{CATALOG}policies/<int:pk>/", policies.OnePolicy.as_view(), name="policy"),
    path("labels/", labels.LabelSets.as_view(), name="labels"),
    path("labels/<slug:name>/", labels.OneLabelSet.as_view(), name="label-set"),
    path("labels/<slug:name>/rows/", labels.LabelRows.as_view(), name="label-rows"),
    path("releases/", releases.Releases.as_view(), name="releases"),
    path(RELEASE, releases.Release.as_view(), name="release"),
    path(f"{RELEASE}files/", releases.ReleaseFiles.as_view(), name="release-files"),
    path(f"{RELEASE}build/", releases.ReleaseBuild.as_view(), name="release-build"),
    path(f"{RELEASE}publish/", releases.ReleasePublish.as_view(), name="release-publish"),
    path(f"{RELEASE}retract/", releases.ReleaseRetract.as_view(), name="release-retract"),
    path(f"{RELEASE}discard/", releases.ReleaseDiscard.as_view(), name="release-discard"),
    path(f"{RELEASE}links/", releases.ReleaseLinks.as_view(), name="release-links"),
    path("methods/", models.Methods.as_view(), name="methods"),
    path("models/", models.Models.as_view(), name="models"),
    path(MODEL, models.Model.as_view(), name="model"),
    path(f"{MODEL}promote/", models.ModelPromote.as_view(), name="model-promote"),
    path(f"{MODEL}predictions/", models.Predictions.as_view(), name="predictions"),
    path(f"{MODEL}predictions/lookup/", models.PredictionLookup.as_view(), name="predictions-lookup"),
    path("samples/", models.Samples.as_view(), name="samples"),
    path("samples/<slug:name>/", models.Sample.as_view(), name="sample"),
    path("comparisons/", models.Comparisons.as_view(), name="comparisons"),
    path("verifications/", verifications.Verifications.as_view(), name="verifications"),
    path("verifications/<int:pk>/", verifications.Verification.as_view(), name="verification"),
    path("verifications/<int:pk>/pairs/", verifications.Pairs.as_view(), name="pairs"),
    path("runs/", runs.Runs.as_view(), name="runs"),
    path("runs/freeze-sample/", starting.FreezeSample.as_view(), name="freeze-sample"),
    path("runs/train/", starting.Train.as_view(), name="train"),
    path("runs/score/", starting.Score.as_view(), name="score"),
    path("runs/publish-catalog/", starting.PublishCatalog.as_view(), name="publish-catalog"),
    path("runs/verify/", starting.Verify.as_view(), name="verify"),
    path("runs/reconstruct/", starting.Reconstruct.as_view(), name="reconstruct"),
    path("runs/compare/", starting.Compare.as_view(), name="compare"),
    path("runs/<int:run_id>/", runs.Run.as_view(), name="run"),
    path("runs/<int:run_id>/log/", runs.RunLog.as_view(), name="run-log"),
    path("runs/<int:run_id>/cancel/", runs.RunCancel.as_view(), name="run-cancel"),
    *(
        path(f"{address}visibility/", account.SHARED[kind].as_view(), name=f"{kind}-visibility")
        for kind, address in SHARED.items()
    ),
]
