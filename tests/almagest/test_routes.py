"""Every address there is, asked by everybody by every method: who gets what stands in one table.

An address that is not in the table fails the test, so that nobody adds one without saying who may see it.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from almagest.accounts.models import User
from almagest.accounts.services import token_create
from almagest.accounts.tokens import Scope
from almagest.catalogs.figures import catalog_figures
from almagest.catalogs.models import Catalog
from almagest.contract import Scatter, View
from almagest.predictions.models import Verification
from almagest.registry.models import Comparison, ModelVersion
from almagest.releases.models import Release
from almagest.runs.models import Run
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from almagest.vetting.models import LabelSet
from almagest.web.figures import catalog_plots, model_plots, verification_plots

from .given.releases import drafts_of
from .rescoring_passes import measure_anew, rescored

ALL, LOGIN, OWNER, SELF = "everybody", "whoever is logged in", "the owner and the staff", "the owner"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What tells of hidden things: surveys and their objects, samples, a catalog, titles of runs.
SECRETS = (
    "sdss-dr14-simulated",
    "evcc-simulated",
    "300-51602",
    "secretsample",
    "toybox",
    "secretcatalog",
    "secretlabels",
    "Publish Dwarfs",
)
OTHERS = "a run of the other"


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
MANAGED = (VISIBILITY, "/publish/", "/retract/", "/discard/", "/links/", "/choices/", "/policies/", "/policies/<int:pk>/",
           "/promote/")  # fmt: skip
VETTED = "/verdicts/<int:object_id>/"
PAGES = {
    "": page(), "search/": page(), "about/": page(), "healthz": page(), "catalogs/": page(), "surveys/": page(), "runs/": page(),
    "plugins/": page(), "plugins/<slug:name>/": page(), "catalogs/<slug:slug>/": page("catalog"), "surveys/<slug:slug>/": page("survey"),
    "catalogs/<slug:slug>/figures/<slug:name>.json": page("catalog"), "objects/<slug:survey>/<path:source_id>/": page("survey"),
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
    "objects/lookup/": posts("", ALL, {"ids": [1]}, 200),
    "cross-match/": posts("", ALL, {"ra": [1], "dec": [1], "radius_arcsec": 1}, 200),
    "surveys/<slug:survey>/measurements/lookup/": posts("survey", ALL, {"ids": [1]}, 200),
    "catalogs/<slug:catalog>/candidates/lookup/": posts("catalog", ALL, {"ids": [1]}, 200),
    f"{MODEL_AT}predictions/lookup/": posts("model", ALL, {"ids": [1]}, 200), f"{MODEL_AT}promote/": posts("model", OWNER, {}, 200),
    "runs/freeze-sample/": starts("survey", MODEL | {"name": "new", "surveys": ["sdss-dr14-simulated"]}),
    "runs/train/": starts("sample", MODEL | {"sample": "secretsample"}), "runs/score/": starts("model", MODEL),
    "runs/publish-catalog/": starts("model", MODEL | {"slug": "new", "threshold": 0.5}),
    "runs/verify/": starts("model", MODEL | {"survey": "evcc-simulated", "radius_arcsec": 2}),
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
ADMIN = "admin/"


@dataclass(frozen=True)
class Who:
    """Somebody who asks: a person with a session, a program with a token of these scopes, or nobody."""

    name: str
    user: User | None
    client: Client
    scopes: frozenset[str] | None = None

    def sees(self, visibility: str, *, reads: bool) -> bool:
        """Whether the things of the owner are there for them."""
        known = self.user is not None and not (reads and self.scopes is not None and "read" not in self.scopes)
        shown = {"public": True, "private": False, "group": known and self.user.groups.exists()}[visibility]
        return shown or (known and (self.user.is_staff or self.user.username == "owner"))

    def ask(self, method: str, address: str, route: Route):
        """The answer; what it has changed is undone."""
        kept = dict(self.client.cookies)
        body = {"data": route.form} if method in ("POST", "PUT", "PATCH") else {}
        if body and address.startswith("/api/"):
            body["content_type"] = "application/json"
        with transaction.atomic():
            answer = getattr(self.client, method.lower())(address, **body)
            answer.text_given = answer.getvalue().decode("utf-8", "replace")
            transaction.set_rollback(True)
        self.client.cookies.update(kept)
        return answer


def addresses(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """Every address as it is declared."""
    for pattern in resolver.url_patterns:
        here = before + str(pattern.pattern)
        yield from addresses(pattern, here) if isinstance(pattern, URLResolver) else [here]


@pytest.fixture
def things(everything, people, simulated_files, tmp_path) -> SimpleNamespace:
    """One of each, with names that stand nowhere else and with figures; and a run that only its owner, another, sees.

    The catalog has been rescored, and some of its survey was measured anew since.
    """
    people.owner.groups.add(people.group)
    figure = Scatter("Mass", "", {"m": (8.0,), "r": (0.1,)}, ("dwarf",), ("dwarf",), (View("m", "r", "m", "r"),), (everything.survey.slug,),
                     ("300-51602-1",), (0,))  # fmt: skip
    everything.sample.name, everything.catalog.slug, everything.labels.name = (
        "secretsample",
        "secretcatalog",
        "secretlabels",
    )
    everything.verification.figures["relations"] = everything.model.figures = [asdict(figure)]
    edition = everything.catalog.editions.get()
    everything.catalog.editions.update(figures=catalog_figures(edition))
    measure_anew(tmp_path, simulated_files)
    everything.rescoring = rescored(edition, owner=people.owner)
    measure_anew(tmp_path, simulated_files, plate=9002)
    for thing in everything.things.values():
        thing.save()
    Run.objects.create(kind="toy", title=OTHERS, owner=people.other, visibility="private")
    drafts_of(everything.release)
    return everything


@pytest.fixture
def one_schema(monkeypatch) -> None:
    """The API's public schema is made once, for everybody's is the same: to make it takes as long as ten other answers."""
    made, make = {}, SchemaGenerator.get_schema

    def get_schema(self, request=None, public=False):
        if not public:
            return make(self, request, public)
        if not made:
            made.update(make(self, request, public))
        return deepcopy(made)

    monkeypatch.setattr(SchemaGenerator, "get_schema", get_schema)


@pytest.fixture
def everybody(people) -> list[Who]:
    """Everybody there is, by session and by token."""
    names = ("reader", "owner", "other", "member", "staff")
    found = [Who("anonymous", None, Client(raise_request_exception=False))]
    for name in names:
        found.append(Who(name, getattr(people, name), Client(raise_request_exception=False)))
        found[-1].client.force_login(found[-1].user)
    whole = frozenset(Scope.values)
    for name, scopes in [
        ("owner", whole),
        ("other", whole),
        *(("owner", frozenset([scope])) for scope in Scope.values),
    ]:
        user = getattr(people, name)
        _, text = token_create(user=user, name="test", scopes=scopes, days=1)
        client = Client(raise_request_exception=False, headers={"Authorization": f"Token {text}"})
        found.append(Who(f"{name}'s token for {', '.join(sorted(scopes))}", user, client, scopes))
    return found


def filled(at: str, things: SimpleNamespace, token_id: int) -> str:
    """The address of what is there."""
    version, scores = things.model, things.model.prediction_sets.get()
    figures = {"catalogs/": catalog_plots(things.catalog.editions.get(is_current=True)),
               "verifications/": verification_plots(things.verification),
               "models/": model_plots(things.verification.owner, version, scores)["scatters"]}  # fmt: skip
    shown = next((plots[0]["id"] for start, plots in figures.items() if at.startswith(start)), "")
    words = {
        f"{RELEASE_AT}build": "releases/drafts/v1/build", f"{RELEASE_AT}publish": "releases/drafts/v2/publish",
        f"{RELEASE_AT}discard": "releases/drafts/v2/discard", RELEASE_AT: "releases/secretcatalog/v1/",
        **{f"{RELEASE_PAGE}{action}": f"releases/drafts/v{n}/{action}" for action, n in {"build": 1, "publish": 2, "discard": 2}.items()},
        RELEASE_PAGE: "releases/secretcatalog/v1/", "<path:path>": "README.md",
        "catalogs/<slug:slug>": "catalogs/secretcatalog", "catalogs/<slug:catalog>": "catalogs/secretcatalog",
        "passes/<int:pk>": f"passes/{things.rescoring.pk}", "<int:earlier>/<int:later>": "1/2", "<int:revision>": "1",
        "labels/<slug:name>": "labels/secretlabels", "policies/<int:pk>": f"policies/{things.policy.pk}",
        "samples/<slug:name>": "samples/secretsample", "plugins/<slug:name>": "plugins/toys", "figures/<slug:name>": f"figures/{shown}",
        "comparisons/<int:pk>": f"comparisons/{things.comparison.pk}", "verifications/<int:pk>": f"verifications/{things.verification.pk}",
        "<slug:kind>/<int:pk>": f"run/{things.run.pk}", "<int:run_id>": str(things.run.pk), "<int:object_id>": str(things.objects[0][0]),
        "<slug:survey>": things.survey.slug, "<slug:slug>": things.survey.slug, "<path:source_id>": things.objects[0][1],
        "<slug:plugin>/<slug:method>/<int:number>": "dwarf_galaxies/forest/1", "<int:token_id>": str(token_id),
        "<str:kind>/<str:slug>": f"surveys/{things.survey.slug}",
    }  # fmt: skip
    for word, value in words.items():
        at = at.replace(word, value)
    assert "<" not in at, f"what is put into {at}?"
    query = {"api/v1/cone/": "?ra=166.9&dec=12.48&radius_arcsec=100"}.get(at, "")
    return f"/{at}{query or '?RA=166.9&DEC=12.48&SR=5' * at.startswith('vo/scs')}"


def expected(at: str, route: Route, method: str, who: Who, visibility: str) -> set[int]:
    """The statuses that are right."""
    is_api = at.startswith("api/") and at != "api/v1/documentation/"
    if method not in route.methods:
        # Pages that only show something show it by any method.
        return {405} | (set() if is_api or "GET" not in route.methods else expected(at, route, "GET", who, visibility))
    may, status = route.methods[method]
    if may != ALL and who.user is None:
        return {401 if is_api else 302}
    needed = "vet" if at.endswith(VETTED) else "manage" if at.endswith(MANAGED) else "runs"
    if may != ALL and who.scopes is not None and needed not in who.scopes:
        return {403}
    shown = "private" if route.of == "draft" else visibility
    is_there = visibility == "public" if at.startswith("vo/") else who.sees(shown, reads=may == ALL)
    if route.of and not is_there:
        return {404}
    is_owner = who.user is not None and who.user.username == "owner"
    if may == SELF and not is_owner:
        return {404}
    return {status if may != OWNER or is_owner or who.user.is_staff else 403}


def test_every_address_is_in_the_table():
    found = {at for at in addresses(get_resolver()) if not at.startswith(ADMIN)}
    assert found - set(ROUTES) == set(), "say in the table who may see these"
    assert set(ROUTES) - found == set(), "these are no more"


@pytest.mark.usefixtures("one_schema")
@pytest.mark.parametrize("visibility", ["public", "private", "group"])
def test_everybody_gets_what_is_theirs(things, everybody, people, visibility):
    token, _ = token_create(user=people.owner, name="to revoke", scopes=["read"], days=1)
    at_home = {at: filled(at, things, token.pk) for at in ROUTES}
    for model in (Survey, Sample, ModelVersion, Catalog, Verification, Comparison, Run, Release, LabelSet):
        model.objects.filter(owner=people.owner).update(
            visibility=visibility, group=people.group if visibility == "group" else None
        )
    wrong = []
    for who in everybody:
        for at, route in ROUTES.items():
            if who.scopes is not None and not at.startswith("api/"):
                continue
            # That methods are not taken does not depend on who asks.
            for method in METHODS if who.name == "owner" and visibility == "public" else route.methods:
                answer = who.ask(method, at_home[at], route)
                right = expected(at, route, method, who, visibility)
                if answer.status_code not in right:
                    wrong.append(
                        f"{who.name}: {method} {at_home[at]}: {answer.status_code}, not {right}; {answer.text_given[:150]}"
                    )
                wrong += told(who, method, at_home[at], answer.text_given, visibility)
    assert not wrong, "\n".join(wrong)


def told(who: Who, method: str, address: str, text: str, visibility: str) -> list[str]:
    """Words of hidden things, in what is told to who does not see them and has not said them."""
    hidden = () if who.sees(visibility, reads=True) and not address.startswith("/vo/") else SECRETS
    if address.startswith("/vo/") and visibility == "public":
        hidden = ()
    if who.name not in ("other", "staff") and not who.name.startswith(("other's", "staff's")):
        hidden = (*hidden, OTHERS)
    found = [word for word in hidden if word in text and word not in address] if method == "GET" else []
    return [f"{who.name}: {method} {address} tells of {word!r}" for word in found]


def test_the_administration_is_the_staffs(things, everybody):
    places = [at for at in addresses(get_resolver()) if at.startswith(ADMIN)]
    open_to_all = {"admin/login/", "admin/logout/"}
    wrong = []
    for who in everybody[:6]:
        for at in places:
            address = "/" + re.sub(r"\^?\(\?P<\w+>[^)]*\)\$?|<[^>]+>", "1", at)
            for method in ("GET", "POST"):
                answer = who.ask(method, address, Route())
                is_shut = answer.status_code == 302 and answer.headers["Location"].startswith("/admin/login/")
                if who.name != "staff" and at not in open_to_all and not (is_shut or answer.status_code == 404):
                    wrong.append(f"{who.name}: {method} {address}: {answer.status_code}")
                if answer.status_code >= 500:
                    wrong.append(f"{who.name}: {method} {address}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
