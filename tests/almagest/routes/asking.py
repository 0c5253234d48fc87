"""Somebody who asks for an address, and what is right to answer."""

from dataclasses import dataclass
from types import SimpleNamespace

from django.db import transaction
from django.test import Client

from almagest.accounts.models import User
from almagest.web.figures import catalog_plots, model_plots, verification_plots

from .table import ALL, MANAGED, OWNER, RELEASE_AT, RELEASE_PAGE, SELF, VETTED, Route

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OTHERS = "a run of the other"


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
        "<int:grid_id>": "1",
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
