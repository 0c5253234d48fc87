"""Readers of spectra on the surveys' own files: each value against astropy's reading of the same file."""

import gzip
import io
import tarfile

import numpy as np
import pytest
from astropy.io import fits

from almagest.sky.errors import IngestError
from almagest.spectra.errors import SpectrumError
from almagest.spectra.readers import Assumed, base
from almagest.spectra.spectrum import FLUX_UNIT, checked

from .spectra_files import WAVELENGTH, found_in, write_csv, write_table


def test_sdss_spectra_are_read_as_the_survey_wrote_them(shared_data):
    """Flux, inverse variance and wavelengths to the last bit; the pipeline's redshift and class beside them."""
    path = shared_data / "spectra" / "sdss" / "spec-0266-51630-0168.fits.gz"
    (found,) = found_in(path)
    with fits.open(path) as hdus:
        pixels, row = hdus[1].data, hdus[2].data[0]
        assert np.array_equal(found.spectrum.flux, pixels["flux"])
        assert np.array_equal(found.spectrum.ivar, pixels["ivar"])
        assert np.allclose(found.spectrum.wavelength, 10 ** pixels["loglam"].astype(float), rtol=0, atol=1e-9)
        assert (found.facts["redshift"], found.facts["ra"]) == (row["Z"], row["PLUG_RA"])
        is_bright = pixels["and_mask"].astype(np.int64) & (1 << 23) != 0
    assert found.facts["name"] == "0266-51630-0168"
    assert found.spectrum.mask[is_bright].all() and is_bright.any()
    assert (found.facts["spec_class"], found.facts["subclass"]) == ("GALAXY", "STARFORMING")
    assert 1800 < found.facts["resolving_power"] < 2300  # https://www.sdss4.org/dr17/spectro/spectro_basics/
    assert (found.spectrum.medium, found.spectrum.frame, found.spectrum.flux_unit) == ("vacuum", "observed", FLUX_UNIT)


def test_all_sdss_and_boss_files_are_read(shared_data):
    """Every file gives one spectrum that makes sense; the one with a unit that is none is named."""
    quasars = [checked(found.spectrum) for found in found_in(shared_data / "spectra" / "sdss_boss_qso_picca")]
    assert len(quasars) == 36 and all(spectrum.snr > 0 for spectrum in quasars)
    names, refused = [], []
    for path in sorted((shared_data / "spectra" / "sdss").iterdir()):
        try:
            (found,) = found_in(path)
            checked(found.spectrum)
            names.append(found.facts["name"])
        except SpectrumError as error:
            refused.append((path.name, str(error)))
    assert len(names) == 37 and len(set(names)) == 36  # one is there under two file names
    ((name, words),) = refused
    assert name == "aframosp_cg922.fits.gz" and "erg/cm/s/Ang" in words and "--flux-unit" in words
    (found,) = found_in(shared_data / "spectra" / "sdss" / name, Assumed(flux_unit="1e-17 erg/s/cm2/A"))
    assert len(checked(found.spectrum).flux) == 3830


def test_desi_arms_are_combined_by_inverse_variance(shared_data):
    """7,781 bins of 0.8 angstrom; where two arms overlap the mean that an independent sum gives."""
    path = shared_data / "spectra" / "desi" / "coadd-4-80613-thru20210324.fits.gz"
    (found,) = found_in(path)
    spectrum = checked(found.spectrum)
    assert len(spectrum.flux) == 7781 and np.allclose(spectrum.wavelength, np.linspace(3600, 9824, 7781))
    with fits.open(path) as hdus:
        b, r = (
            dict(zip(np.round(hdus[f"{arm}_WAVELENGTH"].data, 1),
                     zip(hdus[f"{arm}_FLUX"].data[0], hdus[f"{arm}_IVAR"].data[0], strict=True), strict=True))
            for arm in "BR"
        )  # fmt: skip
        z = dict(zip(np.round(hdus["Z_WAVELENGTH"].data, 1), hdus["Z_FLUX"].data[0], strict=True))
    for wavelength in (5760.0, 5780.0, 5800.0):
        (fb, wb), (fr, wr) = b[wavelength], r[wavelength]
        at = np.argmin(abs(spectrum.wavelength - wavelength))
        assert spectrum.flux[at] == pytest.approx((fb * wb + fr * wr) / (wb + wr), rel=1e-6)
        assert spectrum.ivar[at] == pytest.approx(wb + wr, rel=1e-6)
    assert spectrum.flux[np.argmin(abs(spectrum.wavelength - 9000.0))] == pytest.approx(z[9000.0], rel=1e-6)
    assert found.facts["redshift"] == pytest.approx(0.3687, abs=5e-5) and found.facts["spec_class"] == "GALAXY"
    assert 4000 < found.facts["resolving_power"] < 5500  # DESI Collaboration 2022, AJ 164, 207: R arm 3200 to 5100


def test_desi_fibres_that_saw_no_target_are_set_aside(shared_data):
    """Three fibres off target or dead, one target with a bad fibre, one good."""
    found = found_in(shared_data / "spectra" / "desi" / "coadd-5-169-thru20210419.fits.gz")
    assert [each.set_aside for each in found] == ["bad fibre"] * 4 + [""]
    assert found[-1].facts["name"] == "39633300968442591"


def test_stacks_examples_and_spaxels(shared_data):
    """Files of many spectra on one grid; each named by its row."""
    folder = shared_data / "spectra"
    examples = found_in(folder / "desi" / "desi_outreach_spectrum-examples.fits.gz")
    assert [each.facts["subclass"] for each in examples][:2] == ["BGS galaxy", "SN Ia"]
    assert {each.spectrum.medium for each in examples} == {"vacuum"} and {len(e.spectrum.flux) for e in examples} == {
        6265
    }
    spaxels = found_in(folder / "MaNGA_test_spectra.fits.gz")
    with fits.open(folder / "MaNGA_test_spectra.fits.gz") as hdus:
        assert np.array_equal([s.spectrum.flux for s in spaxels], hdus["FLUX"].data)
        assert np.array_equal([s.spectrum.mask for s in spaxels], hdus["MASK"].data != 0)
        assert [s.facts["redshift"] for s in spaxels] == hdus["Z"].data.tolist()
    assert all(1500 < s.facts["resolving_power"] < 2300 for s in spaxels if s.facts["resolving_power"])


def test_miles_with_its_stars_parameters(shared_data):
    """985 stars from the archive, without unpacking it, with the parameters of the table in it."""
    found = {
        each.facts["name"]: each for each in found_in(shared_data / "spectra" / "miles_stellar_library_mangadap.tar.xz")
    }
    assert len(found) == 985
    star = found["m0001"]
    known = {"star_name": "HD224930", "subclass": "G3 V", "teff": 5305.0, "log_g": 4.49, "fe_h": -0.75}
    assert {key: star.facts[key] for key in known} == known
    assert (star.spectrum.medium, star.spectrum.frame, star.spectrum.ivar) == ("air", "rest", None)
    assert (star.spectrum.wavelength[0], star.spectrum.wavelength[-1]) == pytest.approx((3540.5, 7409.6))
    assert sum(each.facts.get("teff") is not None for each in found.values()) > 970
    assert "ra" not in star.facts


def test_stelib_stars_lie_where_they_are(shared_data):
    """B1950 in radians, hours or words; against positions of SIMBAD, J2000."""
    found = {
        each.facts["name"]: each
        for each in found_in(shared_data / "spectra" / "stelib_stellar_library_mangadap.tar.xz")
    }
    assert len(found) == 255
    for name, ra, dec in (
        ("Feige110", 349.9933, -5.1656),
        ("HD002857", 7.9738, -5.2647),
        ("HD30614", 73.5125, 66.3427),
    ):
        assert found[name].facts["ra"] == pytest.approx(ra, abs=0.02), name
        assert found[name].facts["dec"] == pytest.approx(dec, abs=0.01), name
    assert found["Feige110"].spectrum.mask.sum() == 544  # filled with zeros at the ends


def test_text_tables_say_their_units(tmp_path):
    """CSV with units in brackets, in other units than ours, with errors instead of inverse variances."""
    rows = "\n".join(f"{w / 10},{1e-16},{5e-17}" for w in WAVELENGTH)
    path = write_csv(tmp_path / "mine.csv", f"wavelength [nm],flux [erg/s/cm2/A],error [erg/s/cm2/A]\n{rows}\n")
    (found,) = found_in(path)
    assert np.allclose(found.spectrum.wavelength, WAVELENGTH)
    assert np.allclose(found.spectrum.flux, 10) and np.allclose(found.spectrum.ivar, 1 / 25)
    assert found.facts["name"] == "mine"


def test_fits_tables_and_what_a_person_says(tmp_path):
    """Facts from the header; medium and frame from the person, who comes before the file."""
    (found,) = found_in(write_table(tmp_path), Assumed(medium="air", frame="rest"))
    assert (found.facts["ra"], found.facts["redshift"]) == (150.0, 0.1)
    assert (found.spectrum.medium, found.spectrum.frame) == ("air", "rest")
    assert checked(found.spectrum).snr == pytest.approx(np.median(2 * (1 + WAVELENGTH / 5000)), rel=1e-6)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"flux": np.where(WAVELENGTH == 4500, np.nan, 1.0)}, "flux is nan in 1 bins, first at 4500.0 angstrom"),
        ({"flux": np.full(101, np.nan), "ivar": None}, "nothing is known of any bin"),
        ({"ivar": np.zeros(101)}, "nothing is known of any bin"),
        ({"ivar": np.full(101, -1.0)}, "ivar is -1.0 in 101 bins"),
        ({"ivar": np.full(101, np.inf)}, "no measurement is without error"),
        ({"wavelength": WAVELENGTH[::-1]}, "do not increase: 5000.00 angstrom, then 4990.00"),
        ({"wavelength": np.where(WAVELENGTH > 4990, np.nan, WAVELENGTH)}, "a wavelength is no number"),
        ({"wavelength": WAVELENGTH - 4500}, "not above 0"),
    ],
)  # fmt: skip
def test_arrays_that_make_no_sense_are_named(tmp_path, columns, words):
    """What is wrong, and where."""
    (found,) = found_in(write_table(tmp_path, **columns))
    with pytest.raises(SpectrumError, match=words.replace(".", r"\.")):
        checked(found.spectrum)


def test_bins_that_the_source_has_not_seen_are_masked(tmp_path):
    """No number beside an ivar of 0 is how surveys mark them: masked, with flux 0, not an error."""
    unseen = WAVELENGTH < 4100
    (found,) = found_in(write_table(tmp_path, flux=np.where(unseen, np.nan, 2.0), ivar=np.where(unseen, 0.0, 1.0)))
    spectrum = checked(found.spectrum)
    assert np.array_equal(spectrum.mask, unseen) and (spectrum.flux[unseen] == 0).all()


def test_files_that_are_no_spectra_say_what_they_hold(tmp_path, shared_data):
    """What was found, and what is supported."""
    with pytest.raises(SpectrumError, match=r"it has PRIMARY 4x9483; supported are SDSS/BOSS spec files, DESI coadds"):
        found_in(shared_data / "spectra" / "templates" / "spEigenGal-56436.fits")
    for content, words in ((b"%PDF-1.4 \0", "neither FITS nor a table"), (b"a,b\n1,2\n", "no column is called flux")):
        (tmp_path / "other.csv").write_bytes(content)
        with pytest.raises(SpectrumError, match=words):
            found_in(tmp_path / "other.csv")


def test_damaged_files_are_named(tmp_path, shared_data):
    """Cut short, packed or not; empty; an archive that ends too soon; one that names a place outside."""
    whole = (shared_data / "spectra" / "sdss" / "spec-0266-51630-0168.fits.gz").read_bytes()
    (tmp_path / "cut.fits.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(IngestError, match=r"cut\.fits\.gz: the gzip file is cut short"):
        found_in(tmp_path / "cut.fits.gz")
    plain = write_table(tmp_path)
    plain.write_bytes(plain.read_bytes()[:-2000])
    with pytest.raises(SpectrumError, match="the FITS file is damaged"):
        found_in(plain)
    (tmp_path / "empty.fits").write_bytes(b"")
    with pytest.raises(IngestError, match="the file is empty"):
        found_in(tmp_path / "empty.fits")
    archive = tmp_path / "some.tar"
    with tarfile.open(archive, "w") as tar:
        content = write_table(tmp_path, "good").read_bytes()
        member = tarfile.TarInfo("../../outside.fits")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    assert [found.facts["name"] for found in found_in(archive)] == ["outside"]
    assert not (tmp_path.parent.parent / "outside.fits").exists()
    archive.write_bytes(archive.read_bytes()[:2000])
    with pytest.raises(IngestError, match="archive is damaged"):
        found_in(archive)


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch, packed):
    """Before it is read, or while it is unpacked: a small packed file may be a large one."""
    path = write_table(tmp_path)
    if packed:
        path = tmp_path / "plain.fits.gz"
        path.write_bytes(gzip.compress((tmp_path / "plain.fits").read_bytes()))
    monkeypatch.setattr(base, "MOST_BYTES", (tmp_path / "plain.fits").stat().st_size - 1)
    with pytest.raises(IngestError, match="that is no file of spectra"):
        found_in(path)
