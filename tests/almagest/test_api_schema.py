"""The API against its own schema: everything that the schema allows is asked, and much that it does not.

Programs with a token, browsers with a session and strangers ask by turns, in a database that has one of each thing.
What a request has changed is undone behind it. ``--api-examples=500`` makes up more of them.
"""

import io
import json
from collections.abc import Callable
from copy import deepcopy
from itertools import count
from types import SimpleNamespace

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import WSGIHandler
from django.db import close_old_connections, transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.case import Case
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test
from schemathesis.specs.openapi import checks as says

from almagest.accounts.services import token_create
from almagest.accounts.tokens import Scope
from almagest.catalogs.lasso import NAMES as LASSO

from .given.releases import drafts_of
from .rescoring_passes import measure_anew, rescored

# `positive_data_acceptance` is not among them, for a schema cannot say all that a request must be: which columns there
# are and can be sorted by, what a cursor is, that lists are of one length, that a cone has all of its three numbers.
# Instead each route must have given what it is for.
CHECKS = [
    not_a_server_error, says.status_code_conformance, says.content_type_conformance, says.response_headers_conformance,
    says.response_schema_conformance, says.negative_data_rejection, says.unsupported_method, says.allow_header_conformance,
]  # fmt: skip
WRITERS = ("token", "session")
CSRF = "c" * 32
PARTS = {ParameterLocation.PATH: "path_parameters", ParameterLocation.QUERY: "query", ParameterLocation.BODY: "body"}


@pytest.fixture
def schema(db, settings, pytestconfig):
    """The schema as programs get it, asked as often as the command line says; counts of requests are off."""
    settings.API_RATES = {"anonymous": "1000000/s", "person": "1000000/s"}
    # Each request would end with the connection, and with it the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    generation = {
        "with-security-parameters": False,
        "deterministic": True,
        "max-examples": pytestconfig.getoption("api_examples"),
    }
    config = SchemathesisConfig.from_dict({"generation": generation})
    yield schemathesis.openapi.from_wsgi("/api/v1/schema/", WSGIHandler(), config=config)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def ways(people) -> dict[str, dict]:
    """Headers and cookies of each way to ask."""
    _, token = token_create(user=people.owner, name="test", scopes=Scope.values, days=1)
    browser = Client()
    browser.force_login(people.owner)
    cookies = {"sessionid": browser.cookies["sessionid"].value, "csrftoken": CSRF}
    return {
        "token": {"headers": {"Authorization": f"Token {token}"}},
        "session": {"headers": {"X-CSRFToken": CSRF}, "cookies": cookies},
        "stranger": {},
    }


@pytest.fixture
def names(everything: SimpleNamespace, people, simulated_files, tmp_path) -> Callable[[str, str], dict]:
    """What is there, for the parts of a request of an operation; what is None is better left out."""
    people.owner.groups.add(people.group)
    drafts = {"catalog": drafts_of(everything.release).slug}
    numbers = [number for number, _ in everything.objects[:3]]
    # Two revisions, and something stale in the second.
    measure_anew(tmp_path, simulated_files)
    found = rescored(everything.catalog.editions.get(), owner=people.owner)
    measure_anew(tmp_path, simulated_files, plate=9002)
    model = {"plugin": "dwarf_galaxies", "method": "forest", "number": 1, "sample": "tiny", "parameters": {}}
    pk = {"comparison_visibility": everything.comparison.pk, "pass": found.pk}
    pk |= dict.fromkeys(("policy", "policy_change", "policy_delete"), everything.policy.pk)
    path = {"survey": everything.survey.slug, "catalog": everything.catalog.slug, "name": "tiny", "object_id": numbers[0],
            "run_id": everything.run.pk, "version": everything.release.label, "earlier": 1, "later": 2,
            **model}  # fmt: skip
    query = dict.fromkeys(("sort", "cursor", "cone_ra", "cone_dec", "radius_arcsec"))
    body = {
        "surveys": [everything.survey.slug],
        "ids": [*numbers, 10**9],
        "source_ids": None,
        "visibility": "group",
        "group": "dwarfs",
    }
    policy = {"schedule": "every hour", "notify": ["c.payne@harvard.edu"]}
    special = {
        "cone": {"radius_arcsec": 900, "surveys": everything.survey.slug},
        "cross_match": {"ra": [187.7, 187.8], "dec": [12.4, 12.5], "id": ["a", "b"], "radius_arcsec": 60},
        "compare": {"plugin": "toys", "study": "balance", "sample": "toybox"},
        "verify": {"survey": everything.other_survey.slug, "radius_arcsec": 20},
        "release_catalog": {"title": "Dwarfs", "creators": ["Ptolemy, Claudius"], "doi": "", "known_issues": None,
                            "columns": ["p_s"], "filters": {"p_s__min": "0.5"}, "formats": ["csv"]},
        "release_build": drafts | {"version": "v1"}, "release_publish": drafts | {"version": "v2"},
        "release_discard": drafts | {"version": "v2"},
        # The catalog here has no latent space.
        "candidates": dict.fromkeys(LASSO) | {"verdict": "s", "mine": None},
        "verdict_give": {"choice": "s", "tags": ["lsb"]}, "verdicts": {"tag": "lsb"},
        "label_set": {"name": "agreed"}, "label_rows": {"name": "agreed"}, "labels_visibility": {"name": "agreed"},
        "labels_freeze": {"name": "more", "minimum_verdicts": 1}, "freeze_sample": {"labels": "agreed"},
        "choices_change": {"choices": [{"name": "ring", "title": "Ring", "description": "", "sample_class": "S"}]},
        "policy_create": policy, "policy_change": policy, "roll_back": {"revision": 1},
    }  # fmt: skip

    def known(operation: str, part: str) -> dict:
        common = {
            "path": path | {"id": pk.get(operation, everything.verification.pk)},
            "query": query | {"columns": "all"},
        }
        return common.get(part, model | body) | special.get(operation, {})

    return known


# What these are for needs spectra, which connections of their own read: they see nothing of a transaction; or a latent space, which
# the model here has not. Here only refusals are held against the schema; `test_api_spectra`, `test_predictions_reconstructions` and
# `test_predictions_similar` have the answers.
OF_SPECTRA = (
    "GET /api/v1/objects/{object_id}/similar/", "GET /api/v1/objects/{object_id}/spectrum/", "GET /api/v1/spectra/grids/{grid_id}/",
    "POST /api/v1/runs/reconstruct/",
)  # fmt: skip


def test_the_schema_that_is_served_is_without_errors_and_warnings(client, db):
    """The command fails where it has any."""
    text = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", stdout=text)
    written, served = json.loads(text.getvalue()), client.get("/api/v1/schema/").json()
    assert served == written and len(written["paths"]) > 40


def test_the_schema_is_made_once_and_everybodys(client, people, monkeypatch):
    told = client.get("/api/v1/schema/").json()
    monkeypatch.setattr(SchemaGenerator, "parse", lambda *_: pytest.fail("it is made again"))
    client.force_login(people.staff)
    assert client.get("/api/v1/schema/?version=2&lang=de").json() == told
    assert client.get("/api/v1/documentation/").status_code == 200
    assert client.get("/api/v1/schema/").json() == told


def test_answers_are_as_the_schema_says(schema, names, ways, subtests):
    """And each operation gives what it is for, in each way in which it may be asked."""
    for found in schema.get_all_operations():
        operation = found.ok()
        with subtests.test(operation=operation.label):
            good = examined(operation, names, ways)
            if good is None and operation.label in OF_SPECTRA:
                continue
            assert good is not None, "nothing that was asked has been answered with what this is for"
            given = {way: asked(good, way, ways).status_code for way in ways}
            assert all(status < 300 for way, status in given.items() if way in WRITERS or only_reads(operation)), given


def only_reads(operation) -> bool:
    """Whether anybody may ask."""
    return {} in operation.definition.raw["security"]


def asked(case: Case, way: str, ways: dict[str, dict]):
    """The answer, which is as the schema says; what it has changed is undone."""
    with transaction.atomic():
        response = case.call_and_validate(checks=CHECKS, **ways[way])
        transaction.set_rollback(True)
    is_answer = response.status_code < 300 and case.method == case.operation.method.upper()
    assert not is_answer or way in WRITERS or only_reads(case.operation), "a stranger has written"
    return response


def examined(operation, names: Callable, ways: dict[str, dict]) -> Case | None:
    """Ask what the schema allows and what it does not, at its limits and made up; a request that was answered with 2xx."""
    good, turns = [], count()
    order = list(ways) if only_reads(operation) else [*WRITERS, *WRITERS, "stranger"]

    def ask(case):
        turn = next(turns)
        case = fitted(case, names) if turn % 4 < 3 else case
        response = asked(case, order[turn % len(order)], ways)
        if response.status_code < 300 and case.method == operation.method.upper():
            good.append(case)

    config = HypothesisTestConfig(
        project=operation.schema.config,
        modes=list(HypothesisTestMode),
        settings=settings(
            max_examples=operation.schema.config.generation.max_examples, derandomize=True, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    create_test(operation=operation, test_func=ask, config=config)()
    return good[0] if good else None


def fitted(case: Case, names: Callable) -> Case:
    """The same request with names and numbers that exist, in the parts of it that are as the schema says."""
    parts = {"headers": deepcopy(case.headers), "cookies": dict(case.cookies), "media_type": case.media_type}
    for part, attribute in PARTS.items():
        given = parts[attribute] = deepcopy(getattr(case, attribute))
        if isinstance(given, dict) and not (case.meta and case.meta.is_negative_at(part)):
            known = names(case.operation.definition.raw["operationId"], part.value)
            better = {name: known.get(name, value) for name, value in given.items()}
            parts[attribute] = {name: value for name, value in better.items() if value is not None}
    return Case(case.operation, case.method, case.path, meta=deepcopy(case.meta), **parts)
