"""Simulated tables: reproducible, labelled as the labelling would, and clear about wrong arguments."""

import numpy as np
import pytest

from dwarf_galaxies.labels import classes
from dwarf_galaxies.simulate import galaxies, main, simulate, survey_files


def test_the_seed_decides():
    assert simulate(200, 1).equals(simulate(200, 1))
    assert not simulate(200, 1).equals(simulate(200, 2))


def test_galaxies_lie_in_their_classes():
    names = np.array(["S", "NSL", "LM", "NM", "HM"] * 50)
    table = galaxies(names, np.random.default_rng(1))
    found = classes(table["redshift"].to_numpy(), table["log_mass"].to_numpy(), np.full(len(names), np.nan))
    assert (found == names).all()


def test_files_are_the_same_each_time(tmp_path):
    first = [path.read_bytes() for path in survey_files(tmp_path / "a", 200, 3)]
    assert first == [path.read_bytes() for path in survey_files(tmp_path / "b", 200, 3)]


@pytest.mark.parametrize(
    ("arguments", "message"), [(["--size", "10"], "at least 100"), (["--size", "many"], "invalid int")]
)
def test_wrong_arguments_are_told(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path / "x"), *arguments])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_a_file_is_no_folder(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit):
        main([str(tmp_path / "file")])
    assert "is a file, not a folder" in capsys.readouterr().err
