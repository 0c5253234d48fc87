"""The shape of the house, checked: who imports whom, which way foreign keys point, what the web never loads."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[1]
# A room knows only rooms before it in the flow.
ROOMS = (
    "contract", "formats", "core", "accounts", "runs", "sky", "spectra", "samples", "registry", "predictions", "catalogs", "vetting",
    "rescoring", "releases", "api", "vo", "web", "server",
)  # fmt: skip
ML = (
    "torch",
    "nflows",
    "tensorflow",
    "keras",
    "sklearn",
    "imblearn",
    "xgboost",
    "lightgbm",
    "almagest_workers",
    "dwarf_galaxies",
    "spectral_outliers",
)
OPEN_THE_WEB = """
import sys
import almagest.wsgi
from django.urls import get_resolver
def walk(resolver):
    for entry in resolver.url_patterns:
        walk(entry) if hasattr(entry, "url_patterns") else entry.callback
walk(get_resolver())
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_imports_go_one_way():
    done = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_has_its_place_in_the_order():
    folders = {path.parent.name for path in (ROOT / "platform" / "almagest").glob("*/__init__.py")}
    assert folders == set(ROOMS)


def room_of(model: type) -> str:
    """The room of a model; Django's own apps stand before all rooms."""
    parts = model.__module__.split(".")
    return parts[1] if parts[0] == "almagest" else ""


def test_foreign_keys_point_to_earlier_rooms():
    """import-linter cannot see a foreign key that is written as a string."""
    order = {"": -1} | {room: place for place, room in enumerate(ROOMS)}
    relations = [
        (model, field.related_model, field.name)
        for model in apps.get_models()
        if room_of(model)
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model is not None
    ]
    assert len(relations) > 10
    backwards = [
        f"{model.__name__}.{name} -> {target.__name__}"
        for model, target, name in relations
        if order[room_of(target)] > order[room_of(model)]
    ]
    assert backwards == []


def test_the_web_loads_neither_ml_nor_plugins_nor_workers():
    done = subprocess.run([sys.executable, "-c", OPEN_THE_WEB], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert {"django", "almagest"} <= loaded
    assert loaded & set(ML) == set()


@pytest.mark.parametrize(
    "path", ["platform/__init__.py", "plugins/__init__.py", "workers/__init__.py", "tests/platform"]
)
def test_nothing_shadows_the_standard_library(path):
    """A package named `platform` would take the place of the standard library's module and stop Django at its start."""
    assert not (ROOT / path).exists()


def test_source_roots_hold_packages_only():
    loose = [path.name for root in ("platform", "plugins", "workers") for path in (ROOT / root).glob("*.py")]
    assert loose == []
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_the_checks_are_part_of_make_test():
    command = ["make", "--no-print-directory", "--dry-run", "--always-make", "test"]
    dry = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    commands = [line for line in dry.stdout.splitlines() if line.strip()]
    for check in ("ruff check", "ruff format --check", "lint-imports"):
        assert any(check in command for command in commands), check
    assert commands[-1].endswith("-m pytest -n 2 --dist worksteal")
    assert "make test" in (ROOT / ".ci" / "run").read_text()
