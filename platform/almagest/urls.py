"""Addresses: each names one thing, and stays."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from almagest.web.views import (
    account,
    catalogs,
    comparisons,
    figures,
    home,
    registry,
    releases,
    releasing,
    runs,
    sky,
    verdicts,
    verifications,
)

handler500 = "almagest.api.problems.server_error"
RELEASE = "releases/<slug:catalog>/<slug:label>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", home.search, name="search"),
    path("about/", home.about, name="about"),
    path("healthz", home.health, name="health"),
    path("catalogs/", catalogs.catalogs, name="catalogs"),
    path("catalogs/<slug:slug>/", catalogs.catalog, name="catalog"),
    path("catalogs/<slug:slug>/figures/<slug:name>.json", figures.catalog_figure, name="catalog-figure"),
    path("catalogs/<slug:slug>/release/", releasing.release_new, name="release-new"),
    path("catalogs/<slug:slug>/verdicts/", verdicts.verdicts, name="verdicts"),
    path("catalogs/<slug:slug>/verdicts/<int:object_id>/", verdicts.give, name="verdict-give"),
    path("catalogs/<slug:slug>/verdicts/<int:object_id>/withdraw/", verdicts.withdraw, name="verdict-withdraw"),
    path("catalogs/<slug:slug>/choices/", verdicts.choices, name="choices"),
    path("catalogs/<slug:slug>/labels/", verdicts.freeze, name="labels-freeze"),
    path("labels/<slug:name>/", verdicts.label_set, name="label-set"),
    path("releases/", releases.releases, name="releases"),
    path(RELEASE, releases.release, name="release"),
    path(f"{RELEASE}files/<path:path>", releases.release_file, name="release-file"),
    path(f"{RELEASE}publish/", releasing.publish, name="release-publish"),
    path(f"{RELEASE}retract/", releasing.retract, name="release-retract"),
    path(f"{RELEASE}discard/", releasing.discard, name="release-discard"),
    path(f"{RELEASE}build/", releasing.build, name="release-build"),
    path(f"{RELEASE}links/", releasing.links, name="release-links"),
    path("objects/<slug:survey>/<path:source_id>/", sky.object_page, name="object"),
    path("surveys/", sky.surveys, name="surveys"),
    path("surveys/<slug:slug>/", sky.survey, name="survey"),
    path("runs/", runs.runs, name="runs"),
    path("runs/<int:run_id>/", runs.run, name="run"),
    path("runs/<int:run_id>/cancel/", runs.cancel, name="run-cancel"),
    path("samples/<slug:name>/", registry.sample, name="sample"),
    path("plugins/", registry.plugins, name="plugins"),
    path("plugins/<slug:name>/", registry.plugin, name="plugin"),
    path("plugins/<slug:name>/compare/", comparisons.compare, name="compare"),
    path("comparisons/<int:pk>/", comparisons.comparison, name="comparison"),
    path("models/<slug:plugin>/<slug:method>/<int:number>/", registry.model, name="model"),
    path(
        "models/<slug:plugin>/<slug:method>/<int:number>/figures/<slug:name>.json",
        figures.model_figure,
        name="model-figure",
    ),
    path("models/<slug:plugin>/<slug:method>/<int:number>/verify/", verifications.verify, name="model-verify"),
    path("verifications/<int:pk>/", verifications.verification, name="verification"),
    path("verifications/<int:pk>/figures/<slug:name>.json", figures.verification_figure, name="verification-figure"),
    path("account/", account.account, name="account"),
    path("account/tokens/<int:token_id>/revoke/", account.revoke, name="token-revoke"),
    path("visibility/<slug:kind>/<int:pk>/", account.visibility, name="visibility"),
    path("api/v1/", include("almagest.api.urls")),
    path("vo/", include("almagest.vo.urls")),
    path("login/", auth.LoginView.as_view(template_name="login.html"), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
]
