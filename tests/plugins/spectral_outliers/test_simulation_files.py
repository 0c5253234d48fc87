"""Simulated spectra as files: the platform reads them as it reads any stack, and the command tells what is wrong."""

import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits

from almagest.spectra.readers import files_of, read_spectra
from almagest.spectra.spectrum import FLUX_UNIT, checked
from spectral_outliers.preparation import GRID
from spectral_outliers.simulation import files
from spectral_outliers.simulation.__main__ import main
from spectral_outliers.simulation.files import write_galaxies, write_stars
from spectral_outliers.simulation.noise import written_noise
from spectral_outliers.simulation.templates import written_templates


def write(folder, size: int = 5, seed: int = 3) -> list:
    return list(write_galaxies(folder, written_templates(), written_noise(), size, seed))


def test_the_platform_reads_what_is_written(tmp_path):
    (path,) = write(tmp_path)
    assert path.name == "galaxies-simulated-00.fits"
    found = [each for file in files_of(path) for each in read_spectra(file)]
    with fits.open(path) as hdus:
        assert hdus[0].header["SIMUL"] is True
        table, flux, ivar = hdus["OBJECTS"].data, hdus["FLUX"].data, hdus["IVAR"].data
        for place, each in enumerate(found):
            spectrum, facts = checked(each.spectrum), each.facts
            assert np.allclose(spectrum.wavelength, GRID.wavelength) and spectrum.medium == "vacuum"
            assert np.array_equal(spectrum.flux, flux[place]) and np.array_equal(spectrum.ivar, ivar[place])
            assert spectrum.flux_unit == FLUX_UNIT and spectrum.frame == "observed"
            assert (facts["redshift"], facts["ra"], facts["dec"]) == tuple(table[place][k] for k in ("Z", "RA", "DEC"))
            assert (facts["spec_class"], facts["zwarning"]) == ("GALAXY", 0)
            assert facts["name"] == f"galaxies-simulated-00-{place:05d}"
    assert len(found) == 5 and len({each.facts["redshift"] for each in found}) == 5
    assert all(0 <= each.facts["ra"] < 360 and -90 <= each.facts["dec"] <= 90 for each in found)


def test_stars_are_read_as_stars(tmp_path):
    (path,) = write_stars(tmp_path, written_noise(), 4, 3)
    facts = [each.facts for file in files_of(path) for each in read_spectra(file)]
    assert path.name == "stars-simulated-00.fits" and [each["spec_class"] for each in facts] == ["STAR"] * 4
    assert all(0 < abs(each["redshift"]) < 0.0017 for each in facts)


def test_the_same_seed_gives_the_same_bytes(tmp_path, monkeypatch):
    """In blocks of two: a longer run begins as a shorter one."""
    monkeypatch.setattr(files, "BLOCK", 2)
    one, same, other = (write(tmp_path / str(number), seed=seed) for number, seed in enumerate((3, 3, 4)))
    assert [path.name for path in one] == [f"galaxies-simulated-0{number}.fits" for number in range(3)]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in same]
    assert all(a.read_bytes() != b.read_bytes() for a, b in zip(one, other, strict=True))
    assert len({path.read_bytes() for path in one}) == 3
    longer = write(tmp_path / "longer", size=9)
    assert [path.read_bytes() for path in longer[:2]] == [path.read_bytes() for path in one[:2]]


def test_the_command_writes_and_names_its_files(tmp_path):
    command = [
        sys.executable,
        "-m",
        "spectral_outliers.simulation",
        str(tmp_path / "out"),
        "--size",
        "3",
        "--seed",
        "5",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "out").iterdir()
    assert done.stdout.split() == [str(path)] and done.stderr == ""
    with fits.open(path) as hdus:
        assert hdus["FLUX"].data.shape == (3, GRID.bins)


@pytest.fixture
def told(monkeypatch, capsys):
    """The one line in which a refused command says why."""

    def refused(*arguments) -> str:
        monkeypatch.setattr(sys, "argv", ["simulation", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capsys.readouterr()
        # A text as exit code is what Python writes, with the code 1.
        line = err or f"{stop.value.code}\n"
        assert stop.value.code not in (0, None) and out == "" and line.count("\n") == 1, line
        return line

    return refused


@pytest.mark.parametrize(("arguments", "words"), [
    (["--size", "0"], "--size"), (["--size", "many"], "--size"), (["--seed", "-1"], "--seed"),
    (["--data", "{folder}/none"], "none/templates"),
])  # fmt: skip
def test_wrong_arguments_are_told_in_one_line(told, tmp_path, arguments, words):
    filled = [each.format(folder=tmp_path) for each in arguments]
    assert words in told(tmp_path / "out", *filled)
    assert not list(tmp_path.glob("out/*"))


def test_a_folder_without_spectra_lends_no_noise(told, tmp_path, shared_data):
    (tmp_path / "templates").symlink_to(shared_data / "spectra" / "templates")
    assert str(tmp_path) in told(tmp_path / "out", "--size", "3", "--data", tmp_path)
    (tmp_path / "sdss").mkdir()
    (tmp_path / "sdss" / "spec-1-2-3.fits").write_bytes(b"no FITS at all")
    assert "spec-1-2-3.fits" in told(tmp_path / "out", "--size", "3", "--data", tmp_path)


def test_a_file_in_the_place_of_the_folder_is_told(told, tmp_path):
    (tmp_path / "out").write_text("")
    assert str(tmp_path / "out") in told(tmp_path / "out", "--size", "3")
