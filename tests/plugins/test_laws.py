"""The law suite: built-in plugins keep every law, and a plugin that breaks one is told which."""

import json
import sys
import zipfile
from importlib import import_module
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from almagest.contract import PluginError
from almagest.contract.checks import check_plugin
from almagest.contract.checks.files import unsafe_files
from almagest.contract.discovery import plugins

SOURCE = Path(__file__).with_name("centroids.py").read_text()
BUILT_IN = [(plugin.name, method.name) for plugin in plugins().values() for method in plugin.methods]
QUICK = {"epochs": 2, "more_epochs": 1, "flow_epochs": 5, "star_views": 1, "trees": 10, "rounds": 10}
NUMBER = count()


@pytest.fixture
def variant(tmp_path, monkeypatch):
    """Write a copy of the small plugin with some words replaced, and check it."""

    def check(*replacements: tuple[str, str], **options) -> None:
        source = SOURCE
        for old, new in replacements:
            assert old in source, f"centroids.py has no {old!r}"
            source = source.replace(old, new)
        name = f"centroids_{next(NUMBER)}"
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        try:
            check_plugin(import_module(name).plugin, tmp_path / "check", **options)
        finally:
            sys.modules.pop(name, None)

    return check


@pytest.mark.usefixtures("one_shuffling")
@pytest.mark.parametrize(("name", "method"), BUILT_IN)
def test_built_in_plugins_keep_all_laws(name, method, tmp_path):
    check_plugin(plugins()[name], tmp_path, methods=[method], settings=QUICK)
    assert any((tmp_path / method / "model").iterdir())


def test_the_small_plugin_keeps_all_laws(variant, tmp_path):
    variant()
    assert (tmp_path / "check" / "nearest" / "scores.parquet").is_file()


def test_an_unknown_method_is_told(variant):
    with pytest.raises(PluginError, match="no method 'farthest'; it has nearest"):
        variant(methods=["farthest"])


DECLARATIONS = [
    ('name="centroids"', 'name="Centroids"', "name is lower case"),
    ('version="1.0"', 'version=""', "a title, a version and a summary: no version"),
    ("readme=Path(__file__)", 'readme=Path("none.md")', "README is there.*none.md"),
    ('(CLASSES, "A",', '(CLASSES, "C",', "signal is one of its classes: C"),
    ('CLASSES = ("A", "B")', 'CLASSES = ("A", "A")', "two classes or more"),
    ("methods = (nearest,)", "methods = ()", "has methods"),
    ("methods=methods,", "methods=methods, tags=('Double peaked',),", "tags are words.*'Double peaked'"),
    ("methods=methods,", "methods=methods, tags=('blend', 'blend'),", "most 20 tags, each once: blend, blend"),
    ('name="nearest"', 'name="Nearest"', "method's name is lower case"),
    ('runtime="classical"', 'runtime="fortran"', "runtime is one that workers have: fortran"),
    ('rank_by="p_a"', 'rank_by="p_b"', "rank_by is one of the outputs: p_b"),
    ('rank_by="p_a"', 'rank_by="predicted_class"', "rank_by is a number"),
    ('"phot.mag", "First', '"", "First', "description and a UCD: x"),
    ('"First coordinate"', '""', "description and a UCD: x"),
    ('"mag", "phot.mag", "First', '"", "phot.mag", "First', "have a unit: x"),
    ('"Probability of A")', '"Probability of A", nullable=False)', "outputs may be null.*p_a"),
    ('Column("size"', 'Column("split"', "a sample's own: split"),
    ('"near", "y below 2"', '"near", ""', "a name and a description: near"),
    ("candidate_cuts=(is_near,)", "candidate_cuts=(is_near, is_near)", "names of their own: near, near"),
    ('Column("predicted_class", "string"', 'Column("guess", "string"', "candidate cuts has an output predicted_class"),
    ('Column("predicted_class", "string"', 'Column("is_candidate", "string"', "the platform's own: is_candidate"),
    ('Column("y", "float32", "mag", "phot.mag", "Second coordinate"),\n        Column("prob"',
     'Column("y", "float32", "mag", "", "Second coordinate"),\n        Column("prob"', "description and a UCD: y"),
    ('Column("prob"', 'Column("ra"', "its catalog has the name of one of the platform's own: ra"),
    ('{"prob": "p_a"}', '{"probability": "p_a"}', "catalog_names are of the catalog's columns: probability"),
    ('{"prob": "p_a"}', "{}", "shows what it ranks by: no column is of p_a"),
    ('Column("prob", "float32"', 'Column("prob", "float64"', "type and unit of its output: prob of p_a"),
    ("numbers\", 0, 99", "numbers\", 5, 99", "default is an allowed value"),
    ('"Start of the random numbers"', '""', "parameters have a description: seed"),
]  # fmt: skip
SIMULATIONS = [
    ("default_rng(seed)\n    label", "default_rng()\n    label", "same rows for the same seed"),
    ("default_rng(seed)\n    label", "default_rng(1)\n    label", "other rows for another seed"),
    ("def simulate(size, seed):\n", "def simulate(size, seed):\n    size += 1\n", "as many rows as asked: 401"),
    ("pa.array(x, pa.float32())", "pa.array(x)", "inputs as declared: x double"),
    ("np.arange(size)", "np.zeros(size)", "names each source once"),
    ("random.choice(CLASSES, size)", 'random.choice(["A"], size)', "rows of each class"),
]
LABELLINGS = [
    ('"reason": pa.array(reasons', '"reason": pa.array(["so"] * len(labels)', "either a label or a reason"),
    ("name if name in CLASSES else None", 'name or "C"', "labels are the declared classes"),
    (
        "labels = [name",
        "assert rows['truth'].null_count == 0\n    labels = [name",
        "copes with missing.*AssertionError",
    ),
    ("labels = [name if", "rows = rows.sort_by('truth')\n    labels = [name if", "do not depend on the rows' order"),
    ("labels = [name if name in", "labels = ['A' if name in", "labelled as the simulation says"),
    ("labels = [name if", "rows = rows.slice(1)\n    labels = [name if", "a label and a reason for each row"),
]
TRAININGS = [
    ("pc.fill_null(pc.greater(rows[\"size\"], 1), True)", "pc.greater(rows[\"size\"], 1)", "cuts keep"),
    ('    report(1.0, "done")\n', "", "reports its progress, more than once"),
    ('report(1.0, "done")', 'report(7.0, "done")', "reports its progress"),
    ('report(0.0, "began")', "try:\n        report(0.0)\n    except Exception:\n        pass\n    report = print",
     "stops when the report says so"),
    ("    report(0.0", "    (out / 'model.pkl').write_bytes(b'.')\n    report(0.0", "cannot run code: not so model.pkl"),
    ("return Result(", "return dict(all=", "train gives a Result"),
    ("return Result(", "return Result(details={'x': float('nan')}, metrics=", "written as JSON"),
    ("truth, predicted, surveys", "truth, predicted, ['all'] * len(truth)", "pooled and for each survey"),
    ("json.dumps(centres.tolist())", "json.dumps((centres[::-1]).tolist())", "those of the saved model"),
    ('default_rng(parameters["seed"])', "default_rng()", "same seed gives the same scores"),
    ("rows = sample.train\n", "rows = sample.rows\n", "labels of rows held back"),
    ('return np.array(json.loads((folder / "centres.json").read_text()))', "raise OSError('gone')", "can be loaded.*gone"),
]  # fmt: skip
ELSEWHERE = "import os\n    sign = -1 if os.path.basename(os.getcwd()) == 'nearest' else 1\n    "
SCORINGS = [
    ('"p_a": pa.array(p_a, pa.float32()', '"p_a": pa.array(1 + p_a, pa.float32()', "p_a lies between 0 and 1"),
    ('"p_a": pa.array(p_a, pa.float32()', '"p_b": pa.array(p_a, pa.float32()', "scores are as declared.*missing p_a"),
    ('"p_a": pa.array(p_a, pa.float32()', '"p_a": pa.array((9 * p_a).astype(int)', "between 0 and 1"),
    ("    where = points(batch)\n", "    where = points(batch.slice(len(batch) > 200))\n", "a row for each row"),
    ("return np.array(json", f"{ELSEWHERE}return sign * np.array(json", "same scores in a fresh process"),
    ("    where = points(batch)\n", "    where = points(batch) + 0.01 * np.arange(len(batch))[:, None]\n", "rows' order"),
    ("    where = points(batch)\n", "    where = points(batch) - 0.01 * (len(batch) == 3)\n", "the batch's size: 3 rows"),
    ("    where = points(batch)\n", "    where = points(batch) - 0.01 * (len(batch) > 9999)\n", "batch's size: 1.... rows"),
    ("    where = points(batch)\n", "    where = points(batch)\n    where[0]\n", "an empty batch.*IndexError"),
    ("missing = ~np.isfinite(where).all(axis=1)", "missing = np.isnan(where).all(axis=1)", "null scores: x is None"),
    ("missing = ~np.isfinite(where).all(axis=1)", "missing = np.isnan(where).any(axis=1)", "null scores: x is inf"),
    ("missing = ~np.isfinite(where).all(axis=1)", "missing = np.isnan(where[:, 1]) | ~np.isfinite(where[:, 0])",
     "null scores: y is inf"),
    ("    distance =", "    missing[:] = missing.any()\n    distance =", "does not change the others: x is None"),
    ("    distance =", "    assert not missing.any()\n    distance =", "nulls or a PluginError: it raised AssertionError"),
    ("missing = ~np.isfinite(where).all(axis=1)", "missing = where[:, 1] > 1", "a whole row has a score"),
]  # fmt: skip
CANDIDATES = [
    ('pc.less(rows["y"], 2)', 'pc.less(rows["size"], 0)', "some of its simulation are candidates: none"),
    ('pc.less(rows["y"], 2)', 'rows["y"]', "near says yes or no of each row: float"),
    ('pc.less(rows["y"], 2)', 'pc.less(rows["y"], 2).filter(rows["p_a"])', "near takes inputs.*it raised"),
    ('pc.less(rows["y"], 2)', 'pc.is_valid(rows["y"].drop_null())', "near says yes or no of each row"),
    ('pc.less(rows["y"], 2)', 'pc.less(rows["z"], 2)', "near takes inputs.*it raised KeyError"),
]

BROKEN = [*DECLARATIONS, *SIMULATIONS, *LABELLINGS, *TRAININGS, *SCORINGS, *CANDIDATES]


@pytest.mark.parametrize(("old", "new", "law"), BROKEN, ids=[law for _, _, law in BROKEN])
def test_a_broken_plugin_is_told_which_law(variant, old, new, law):
    with pytest.raises(PluginError, match=f"^plugin [Cc]entroids.*{law}"):
        variant((old, new))


def test_refusing_a_bad_row_keeps_the_law(variant, tmp_path):
    variant(
        ("import (\n    Column,", "import (\n    Column,\n    PluginError,"),
        ("    distance =", '    if missing.any():\n        raise PluginError("x or y is missing")\n    distance ='),
    )
    assert (tmp_path / "check" / "nearest" / "scores.parquet").is_file()


def keras_file(path: Path, config: dict, **more: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        for name, content in more.items():
            archive.writestr(name, content)


def test_only_numbers_and_text_are_safe(tmp_path):
    np.savez(tmp_path / "good.npz", a=np.arange(3))
    keras_file(tmp_path / "good.keras", {"class_name": "Dense", "config": {"layers": [{"class_name": "Dense"}]}})
    (tmp_path / "good.txt").write_text("words")
    (tmp_path / "good.ubj").write_bytes(b"{}")
    (tmp_path / "good.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    assert unsafe_files(tmp_path) == []
    np.savez(tmp_path / "a.npz", a=np.array([{}], dtype=object))
    keras_file(tmp_path / "b.keras", {"config": {"layers": [{"class_name": "Lambda"}]}})
    keras_file(tmp_path / "c.keras", {}, **{"code.py": b""})
    (tmp_path / "d.json").write_bytes(b"\x80\x04.")
    (tmp_path / "e.joblib").write_bytes(b"")
    (tmp_path / "f.json").symlink_to("/etc/hostname")
    (tmp_path / "g.ubj").write_bytes(b"\x80")
    (tmp_path / "h.parquet").write_bytes(b"no")
    found = unsafe_files(tmp_path)
    assert [line.split()[0] for line in found] == [
        "a.npz", "b.keras", "c.keras", "d.json", "e.joblib", "f.json", "g.ubj", "h.parquet",
    ]  # fmt: skip
    assert "Lambda" in found[1]
    assert "code.py" in found[2]
