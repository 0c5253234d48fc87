"""Every address there is: who may ask for it by which method, and what they get."""

from dataclasses import dataclass, field

ALL, LOGIN, OWNER, SELF = "everybody", "whoever is logged in", "the owner and the staff", "the owner"


@dataclass(frozen=True)
class Route:
    """What an address is: the thing that one must see to use it, and for each method who may and what they get."""

    of: str = ""
    methods: dict[str, tuple[str, int]] = field(default_factory=lambda: {"GET": (ALL, 200)})
    form: dict = field(default_factory=dict)


def page(of: str = "") -> Route:
    return Route(of)


def posts(of: str, who: str, form: dict, status: int = 302) -> Route:
    return Route(of, {"POST": (who, status)}, form)


def starts(of: str, form: dict) -> Route:
    return posts(of, LOGIN, form, 202)


SHARE, VISIBILITY = {"visibility": "private", "group": ""}, "visibility/"
MODEL = {"plugin": "dwarf_galaxies", "method": "forest"}
MODEL_AT = "models/<slug:plugin>/<slug:method>/<int:number>/"
RELEASE_AT, RELEASE_PAGE = "releases/<slug:catalog>/<slug:version>/", "releases/<slug:catalog>/<slug:label>/"
POLICIES_AT, POLICIES_PAGE = "catalogs/<slug:catalog>/policies/", "catalogs/<slug:slug>/policies/"
POLICY = {"schedule": "every hour", "at_least": 1, "drift_threshold": 0.2}
VERDICTS_AT, VERDICTS_PAGE = "catalogs/<slug:catalog>/verdicts/", "catalogs/<slug:slug>/verdicts/"
# What a token with the scope `manage` may do, and one with the scope `vet`.
MANAGED = (
    VISIBILITY, "/publish/", "/retract/", "/discard/", "/links/", "/choices/", "/tags/", "/promote/", "/policies/", "/policies/<int:pk>/",
)  # fmt: skip
VETTED = "/verdicts/<int:object_id>/"
PAGES = {
    "": page(), "search/": page(), "about/": page(), "healthz": page(), "catalogs/": page(), "surveys/": page(), "runs/": page(),
    "plugins/": page(), "plugins/<slug:name>/": page(), "catalogs/<slug:slug>/": page("catalog"), "surveys/<slug:slug>/": page("survey"),
    # The catalog here has no latent space. Who sees one, its own tests say.
    **{f"catalogs/<slug:slug>/latents/{at}": Route("catalog", {"GET": (ALL, 404)}) for at in ("", "points.json", "<int:object_id>/")},
    "catalogs/<slug:slug>/figures/<slug:name>.json": page("catalog"), "objects/<slug:survey>/<path:source_id>/": page("survey"),
    # Nobody has a spectrum here: tests in one transaction cannot read any. Who sees spectra, their pages' own tests say.
    **{f"objects/<slug:survey>/<path:source_id>/{at}": Route("survey", {"GET": (ALL, 404)}) for at in ("spectra.json", "spectrum")},
    "objects/<slug:survey>/<path:source_id>/reconstruct/<slug:plugin>/<slug:method>/<int:number>": posts("survey", LOGIN, {}, 404),
    "runs/<int:run_id>/": page("run"), "samples/<slug:name>/": page("sample"), "comparisons/<int:pk>/": page("comparison"),
    MODEL_AT: page("model"), f"{MODEL_AT}figures/<slug:name>.json": page("model"), "verifications/<int:pk>/": page("verification"),
    "verifications/<int:pk>/figures/<slug:name>.json": page("verification"),
    "runs/<int:run_id>/cancel/": posts("run", OWNER, {}),
    "plugins/<slug:name>/compare/": posts("sample", LOGIN, {"study": "balance", "sample": "toybox"}),
    f"{MODEL_AT}verify/": posts("model", LOGIN, {"survey": "evcc-simulated", "radius_arcsec": "2"}),
    f"{MODEL_AT}promote/": posts("model", OWNER, {}),
    "visibility/<slug:kind>/<int:pk>/": posts("run", OWNER, {"visibility": "private"}),
    "account/": Route("", {"GET": (LOGIN, 200), "POST": (LOGIN, 200)}, {"name": "t", "scopes": ["read"], "days": "3"}),
    "account/tokens/<int:token_id>/revoke/": posts("", SELF, {}),
    "releases/": page(), RELEASE_PAGE: page("release"), f"{RELEASE_PAGE}files/<path:path>": page("release"),
    "catalogs/<slug:slug>/release/": Route("catalog", {"GET": (OWNER, 200), "POST": (OWNER, 302)}, {"licence": "CC0-1.0"}),
    f"{RELEASE_PAGE}retract/": posts("release", OWNER, {"reason": "wrong"}), f"{RELEASE_PAGE}build/": posts("draft", OWNER, {}),
    f"{RELEASE_PAGE}publish/": posts("draft", OWNER, {}), f"{RELEASE_PAGE}discard/": posts("draft", OWNER, {}),
    f"{RELEASE_PAGE}links/": posts("release", OWNER, {"hours": 1}, 200),
    VERDICTS_PAGE: page("catalog"), f"{VERDICTS_PAGE}<int:object_id>/": posts("catalog", LOGIN, {"choice": "s", "confidence": "2"}),
    f"{VERDICTS_PAGE}<int:object_id>/withdraw/": posts("catalog", SELF, {}), "labels/<slug:name>/": page("labels"),
    "catalogs/<slug:slug>/choices/": posts("catalog", OWNER, {"name": "a", "title": "A", "sample_class": "", "description": ""}),
    # This catalog's method takes no spectra. Who sees a gallery, and vets there, its own tests say.
    "catalogs/<slug:slug>/gallery/": Route("catalog", {"GET": (ALL, 404)}),
    "catalogs/<slug:slug>/gallery/<int:object_id>/": posts("catalog", LOGIN, {"choice": "s"}, 404),
    "catalogs/<slug:slug>/tags/": posts("catalog", OWNER, {"tags": "lsb ringed"}),
    "catalogs/<slug:slug>/labels/": posts("catalog", LOGIN, {"name": "more"}),
    POLICIES_PAGE: Route("catalog", {"GET": (ALL, 200), "POST": (OWNER, 302)}, POLICY),
    f"{POLICIES_PAGE}<int:pk>/": Route("catalog", {"GET": (OWNER, 200), "POST": (OWNER, 302)}, POLICY),
    **{f"{POLICIES_PAGE}<int:pk>/{action}/": posts("catalog", OWNER, {}) for action in ("pause", "resume", "delete")},
    **{f"catalogs/<slug:slug>/{at}": page("catalog") for at in ("revisions/", "passes/", "passes/<int:pk>/")},
    "catalogs/<slug:slug>/differences/": Route("catalog", {"GET": (ALL, 302)}),
    "catalogs/<slug:slug>/differences/<int:earlier>/<int:later>/": page("catalog"),
    **{f"catalogs/<slug:slug>/{at}": Route("catalog", {"GET": (OWNER, 200), "POST": (OWNER, 302)})
       for at in ("rescore/", "roll-back/<int:revision>/")},
    "login/": Route("", {"GET": (ALL, 200), "POST": (ALL, 200)}), "logout/": posts("", ALL, {}),
}  # fmt: skip
API = {
    **{name: page() for name in ("", "schema/", "documentation/", "account/", "surveys/", "objects/", "catalogs/", "methods/", "models/",
                                 "samples/", "comparisons/", "verifications/", "runs/", "cone/")},
    "surveys/<slug:survey>/": page("survey"), "surveys/<slug:survey>/measurements/": page("survey"),
    "objects/<int:object_id>/": page("survey"), "catalogs/<slug:catalog>/": page("catalog"),
    "catalogs/<slug:catalog>/candidates/": page("catalog"), MODEL_AT: page("model"), f"{MODEL_AT}predictions/": page("model"),
    "samples/<slug:name>/": page("sample"), "verifications/<int:pk>/": page("verification"),
    "verifications/<int:pk>/pairs/": page("verification"), "runs/<int:run_id>/": page("run"), "runs/<int:run_id>/log/": page("run"),
    # Nor a place in a latent space.
    **{f"objects/<int:object_id>/{at}/": Route("survey", {"GET": (ALL, 404)}) for at in ("spectrum", "similar")},
    "spectra/grids/<int:grid_id>/": Route("", {"GET": (ALL, 404)}),
    "spectra/lookup/": posts("", ALL, {"ids": [1]}, 200), "objects/lookup/": posts("", ALL, {"ids": [1]}, 200),
    "cross-match/": posts("", ALL, {"ra": [1], "dec": [1], "radius_arcsec": 1}, 200),
    "surveys/<slug:survey>/measurements/lookup/": posts("survey", ALL, {"ids": [1]}, 200),
    "catalogs/<slug:catalog>/candidates/lookup/": posts("catalog", ALL, {"ids": [1]}, 200),
    f"{MODEL_AT}predictions/lookup/": posts("model", ALL, {"ids": [1]}, 200), f"{MODEL_AT}promote/": posts("model", OWNER, {}, 200),
    "runs/freeze-sample/": starts("survey", MODEL | {"name": "new", "surveys": ["sdss-dr14-simulated"]}),
    "runs/train/": starts("sample", MODEL | {"sample": "secretsample"}), "runs/score/": starts("model", MODEL),
    "runs/publish-catalog/": starts("model", MODEL | {"slug": "new", "threshold": 0.5}),
    "runs/verify/": starts("model", MODEL | {"survey": "evcc-simulated", "radius_arcsec": 2}),
    # No model gives any here, nor is there a spectrum: what who asks for them gets, their own tests say.
    "runs/reconstruct/": posts("model", LOGIN, MODEL | {"objects": [1]}, 400),
    "runs/compare/": starts("sample", {"plugin": "toys", "study": "balance", "sample": "toybox"}),
    "runs/<int:run_id>/cancel/": posts("run", OWNER, {}, 200),
    "releases/": page(), RELEASE_AT: page("release"), f"{RELEASE_AT}files/": page("release"),
    "catalogs/<slug:catalog>/releases/": posts("catalog", OWNER, {}, 202),
    f"{RELEASE_AT}retract/": posts("release", OWNER, {"reason": "wrong"}, 200),
    f"{RELEASE_AT}links/": posts("release", OWNER, {"hours": 1}, 200),
    f"{RELEASE_AT}build/": posts("draft", OWNER, {}, 202), f"{RELEASE_AT}publish/": posts("draft", OWNER, {}, 200),
    f"{RELEASE_AT}discard/": posts("draft", OWNER, {}, 204),
    VERDICTS_AT: page("catalog"), "catalogs/<slug:catalog>/vetted/": page("catalog"), "catalogs/<slug:catalog>/vetting/": page("catalog"),
    f"{VERDICTS_AT}<int:object_id>/": Route("catalog", {"GET": (ALL, 200), "POST": (LOGIN, 201), "DELETE": (SELF, 204)}, {"choice": "s"}),
    "catalogs/<slug:catalog>/choices/": Route("catalog", {"GET": (ALL, 200), "PUT": (OWNER, 200)},
                                              {"choices": [{"name": "a", "title": "A"}]}),
    "catalogs/<slug:catalog>/tags/": Route("catalog", {"GET": (ALL, 200), "PUT": (OWNER, 200)}, {"tags": ["lsb"]}),
    "catalogs/<slug:catalog>/labels/": posts("catalog", LOGIN, {"name": "more"}, 201),
    POLICIES_AT: Route("catalog", {"GET": (ALL, 200), "POST": (OWNER, 201)}, {"schedule": "every hour"}),
    f"{POLICIES_AT}<int:pk>/": Route("catalog", {"GET": (ALL, 200), "PATCH": (OWNER, 200), "DELETE": (OWNER, 204)}, {"is_paused": True}),
    **{f"catalogs/<slug:catalog>/{at}": page("catalog")
       for at in ("revisions/", "passes/", "passes/<int:pk>/", "differences/<int:earlier>/<int:later>/")},
    "catalogs/<slug:catalog>/rescoring/": Route("catalog", {"GET": (ALL, 200), "POST": (OWNER, 202)}),
    "catalogs/<slug:catalog>/roll-back/": posts("catalog", OWNER, {"revision": 1}, 202),
    "labels/": page(), "labels/<slug:name>/": page("labels"), "labels/<slug:name>/rows/": page("labels"),
}  # fmt: skip
SHARED = {"survey": "surveys/<slug:survey>/", "catalog": "catalogs/<slug:catalog>/", "sample": "samples/<slug:name>/", "model": MODEL_AT,
          "run": "runs/<int:run_id>/", "comparison": "comparisons/<int:pk>/", "verification": "verifications/<int:pk>/",
          "release": RELEASE_AT, "labels": "labels/<slug:name>/"}  # fmt: skip
API |= {f"{address}visibility/": Route(of, {"PUT": (OWNER, 200)}, SHARE) for of, address in SHARED.items()}
# The Virtual Observatory shows everybody the same, what is public; its searches say so in answers that are 200.
VO = {
    "": page(), "availability": page(), "scs/<str:kind>/<str:slug>": page(), "scs/<str:kind>/<str:slug>/": page(),
    "scs/<str:kind>/<str:slug>/capabilities": page("survey"),
}  # fmt: skip
ROUTES = PAGES | {f"api/v1/{at}": route for at, route in API.items()} | {f"vo/{at}": route for at, route in VO.items()}
