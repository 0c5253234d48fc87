"""Every address there is, asked by everybody by every method: who gets what stands in one table.

An address that is not in the table fails the test, so that nobody adds one without saying who may see it.
"""

import re
from collections.abc import Iterator

import pytest
from django.urls import URLResolver, get_resolver

from almagest.accounts.services import token_create
from almagest.catalogs.models import Catalog
from almagest.predictions.models import Verification
from almagest.registry.models import Comparison, ModelVersion
from almagest.releases.models import Release
from almagest.runs.models import Run
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from almagest.vetting.models import LabelSet

from .asking import METHODS, OTHERS, Who, expected, filled
from .table import ROUTES, Route

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
ADMIN = "admin/"


def addresses(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """Every address as it is declared."""
    for pattern in resolver.url_patterns:
        here = before + str(pattern.pattern)
        yield from addresses(pattern, here) if isinstance(pattern, URLResolver) else [here]


def test_every_address_is_in_the_table():
    found = {at for at in addresses(get_resolver()) if not at.startswith(ADMIN)}
    assert found - set(ROUTES) == set(), "say in the table who may see these"
    assert set(ROUTES) - found == set(), "these are no more"


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
