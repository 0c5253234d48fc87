"""One of each thing with a name that tells of it, and everybody who may ask."""

from dataclasses import asdict
from types import SimpleNamespace

import pytest
from django.test import Client

from almagest.accounts.services import token_create
from almagest.accounts.tokens import Scope
from almagest.catalogs.figures import catalog_figures
from almagest.contract import Scatter, View
from almagest.runs.models import Run
from tests.almagest.given.releases import drafts_of
from tests.almagest.rescoring_passes import measure_anew, rescored

from .asking import OTHERS, Who


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
