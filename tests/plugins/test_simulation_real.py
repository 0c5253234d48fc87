"""Simulated sources beside the real rows at hand: growth of apertures, noise, colours, sizes. Skipped where there are none."""

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table, vstack

from dwarf_galaxies.simulation import population
from dwarf_galaxies.simulation.measuring import measured
from dwarf_galaxies.simulation.noise import BANDS
from dwarf_galaxies.simulation.objects import objects
from dwarf_galaxies.simulation.profiles import enclosed, noise_area

COPIES = 4000
# Sersic index of a fitted type.
INDEX = {"DEV": 4.0}


def magnitude(flux):
    """AB, NaN where the flux is not positive."""
    flux = np.asarray(flux, float)
    return np.where(flux > 0, 22.5 - 2.5 * np.log10(np.where(flux > 0, flux, 1)), np.nan)


def like(flux: dict, radius: float, kind: str, ra: float, dec: float, seed: int) -> dict:
    """Measurements of many simulated sources with the fluxes, radius and type of a real one."""
    truth = objects(np.full(COPIES, "star"), np.random.default_rng(seed))
    for band in BANDS:
        truth[band] = np.full(COPIES, 22.5 - 2.5 * np.log10(max(flux.get(band, 0.01), 0.01)))
    random = np.random.default_rng(seed + 1)
    if kind != "PSF":
        truth |= {
            # A fitted radius is known to a third or so for sources as faint as these, and a fitted type less than that.
            "radius": radius * random.lognormal(0, 0.15, COPIES), "axis_ratio": random.uniform(0.4, 1, COPIES),
            "sersic": INDEX.get(kind, 1.0) * random.lognormal(0, 0.2, COPIES),
        }  # fmt: skip
    truth |= {"ra": np.full(COPIES, ra), "dec": np.full(COPIES, dec)}
    return measured(truth, random)


def inside(real: np.ndarray, simulated: np.ndarray) -> np.ndarray:
    """Which of the real numbers lie in the central 99 % of the simulated ones."""
    low, high = np.percentile(simulated, [0.5, 99.5], axis=0)
    return (real > low) & (real < high)


def test_growth_of_the_dr9_row(shared_data):
    """A REX of DR9 in seven bands: all its apertures and residual-free growth lie where simulated ones do."""
    row = Table.read(shared_data / "photometry" / "tractor-1054p567.fits")[0]
    flux = {band: row[f"FLUX_{band.upper()}"] / row[f"MW_TRANSMISSION_{band.upper()}"] for band in BANDS}
    ours = like(flux, row["SHAPE_R"], row["TYPE"].strip(), row["RA"], row["DEC"], 1)
    for band in ("g", "r", "z", "w1", "w2"):
        growth = ours[f"apflux_{band}"] / ours[f"flux_{band}"][:, None]
        real = row[f"APFLUX_{band.upper()}"] / row[f"FLUX_{band.upper()}"]
        print(band, np.round(real, 2), np.round(np.percentile(growth, [0.5, 50, 99.5], axis=0), 2).tolist())
        assert inside(real, growth).all(), band


def test_noise_of_the_dr9_row(shared_data):
    """Depths, inverse variances and noise-equivalent areas are within a factor of the simulated median."""
    row = Table.read(shared_data / "photometry" / "tractor-1054p567.fits")[0]
    flux = {band: row[f"FLUX_{band.upper()}"] for band in BANDS}
    ours = like(flux, row["SHAPE_R"], "REX", row["RA"], row["DEC"], 2)
    for band in ("g", "r", "z", "w1", "w2", "w3"):
        errors = np.sqrt(np.median(ours[f"flux_ivar_{band}"]) / row[f"FLUX_IVAR_{band.upper()}"])
        depths = np.sqrt(np.median(ours[f"psfdepth_{band}"]) / row[f"PSFDEPTH_{band.upper()}"])
        print(band, "error of the real flux over ours", round(float(errors), 2), "depth", round(float(depths), 2))
        assert 0.5 < errors < 2
        assert 0.5 < depths < 2


def test_noise_equivalent_area_of_the_dr9_row(shared_data):
    """At the row's own seeing the area is the pipeline's within 15 %."""
    row = Table.read(shared_data / "photometry" / "tractor-1054p567.fits")[0]
    for band in "GRZ":
        source = [np.array([float(v)]) for v in (row["SHAPE_R"], 1, 1, row[f"PSFSIZE_{band}"])]
        assert noise_area("optical", *source)[0] == pytest.approx(row[f"NEA_{band}"], rel=0.15)


def test_growth_of_the_early_rows(shared_data):
    """Aperture fluxes of early DECaLS, PSF to DEV: 95 % of the numbers lie in the central 99 % of simulated ones."""
    found = []
    for k, path in enumerate(sorted((shared_data / "photometry").glob("early_apflux_tractor-*.fits"))):
        for j, row in enumerate(Table.read(path)):
            kind, flux = row["type"].strip(), dict(zip("grz", row["decam_flux"][[1, 2, 4]], strict=True))
            transmission = dict(zip("grz", row["decam_mw_transmission"][[1, 2, 4]], strict=True))
            radius = row["shapeDev_r"] if kind == "DEV" else row["shapeExp_r"]
            true = {band: flux[band] / transmission[band] for band in "grz"}
            ours = like(true, radius, kind, row["ra"], row["dec"], 10 * k + j)
            for band, place in zip("grz", (1, 2, 4), strict=True):
                is_in = inside(row["decam_apflux"][place], ours[f"apflux_{band}"])
                found.append(is_in)
                print(path.name[-13:-5], j, kind, band, f"{flux[band]:.2f} nmgy, r = {radius:.2f}:", is_in.astype(int))
    assert len(found) == 54
    print("inside:", np.mean(found))
    assert np.mean(found) > 0.95


@pytest.fixture(scope="module")
def hosts(shared_data):
    """Galaxies of DR8 with the redshift of the supernova in them: ``FLUX_*, FIBERFLUX_*, TYPE, z``."""
    folder = shared_data / "photometry"
    rows = vstack([Table.read(folder / f"selected_hosts_dr8_{part}.fits") for part in ("north", "south")], "inner",
                  metadata_conflicts="silent")  # fmt: skip
    known = Table.read(folder / "master_host_clean.csv")
    there = SkyCoord(known["host_ra"], known["host_dec"], unit="deg")
    index, apart, _ = SkyCoord(rows["RA"], rows["DEC"], unit="deg").match_to_catalog_sky(there)
    rows["z"] = np.where(apart.arcsec < 3, np.array(known["sn_z"], float)[index], np.nan)
    return rows[np.array([t.strip() for t in rows["TYPE"]]) != "PSF"]


@pytest.mark.parametrize(("low", "high"), [(0.003, 0.02), (0.02, 0.05), (0.05, 0.1)])
def test_colours_of_galaxies_with_redshifts(hosts, low, high):
    """g - r and r - z at one redshift: medians of galaxies of the same r magnitudes agree within 0.10 mag."""
    g, r, z = (magnitude(hosts[f"FLUX_{b}"]) for b in "GRZ")
    keep = (hosts["z"] > low) & (hosts["z"] < high) & (r > 13) & (r < 18) & np.isfinite(g - z)
    random = np.random.default_rng(1)
    absolute = r[keep] - 5 * np.log10(population.distance_mpc(hosts["z"][keep])) - 25
    # Mass from the absolute magnitude by the median ratio of mass to light at g - i = 0.9, 0.75 mag of scatter in between.
    log_mass = 0.4 * (4.65 - absolute) - 0.579 + 0.695 * 0.9
    many = random.integers(0, keep.sum(), 4000)
    redshift = np.array(hosts["z"][keep])[many]
    ours = population.galaxies(redshift, log_mass[many], population.distance_mpc(redshift), random)
    # Real fluxes are seen through dust: E(B-V) = 0.03 reddens g - r by 0.03.
    for name, real, simulated, dust in (("g-r", (g - r)[keep], ours["g"] - ours["r"], 0.03),
                                        ("r-z", (r - z)[keep], ours["r"] - ours["z"], 0.03)):  # fmt: skip
        print(name, low, high, keep.sum(), "real", np.percentile(real, [16, 50, 84]).round(2), "simulated",
              np.percentile(simulated + dust, [16, 50, 84]).round(2))  # fmt: skip
        assert np.median(simulated + dust) == pytest.approx(np.median(real), abs=0.10)


def test_sizes_and_colours_of_sami(shared_data):
    """Radii (within 0.1 dex) and g - i's spread of red and blue, at the masses and redshifts of SAMI's targets."""
    rows = Table.read(shared_data / "photometry" / "sami_dr3.InputCatGAMADR3.csv")
    columns = {name: np.ma.filled(rows[name].astype(float), np.nan) for name in ("z_spec", "mstar", "r_e")}
    z, log_mass, radius = columns.values()
    keep = np.isfinite(z + log_mass + radius) & (radius > 0.2) & (z > 0.004)
    ours = population.galaxies(z[keep], log_mass[keep], population.distance_mpc(z[keep]), np.random.default_rng(2))
    for low, high in ((8, 9), (9, 10), (10, 10.5), (10.5, 11)):
        index = (log_mass[keep] > low) & (log_mass[keep] < high)
        real, simulated = (np.log10(v[index]) for v in (radius[keep], ours["radius"]))
        print(low, high, index.sum(), "log r_e real", np.percentile(real, [16, 50, 84]).round(2), "simulated",
              np.percentile(simulated, [16, 50, 84]).round(2))  # fmt: skip
        assert np.median(simulated) == pytest.approx(np.median(real), abs=0.10)
        assert np.std(simulated) == pytest.approx(np.std(real), rel=0.35)


def test_light_inside_the_fibre(hosts):
    """Share of light within 0.75 arcsec: supernovae choose star-forming hosts, so the real medians lie between two.

    At the hosts' masses and redshifts, simulated galaxies of all populations hold more light there, blue ones alone less.
    """
    r, real = magnitude(hosts["FLUX_R"]), magnitude(hosts["FIBERFLUX_R"]) - magnitude(hosts["FLUX_R"])
    keep = (hosts["z"] > 0.02) & (hosts["z"] < 0.1) & np.isfinite(r + real)
    r, real, redshift = r[keep], real[keep], np.array(hosts["z"][keep])
    distance = population.distance_mpc(redshift)
    log_mass = 0.4 * (4.65 - r + 5 * np.log10(distance) + 25) - 0.579 + 0.695 * 0.9
    simulated = []
    for blue_share in (None, 1.0):
        ours = population.galaxies(redshift, log_mass, distance, np.random.default_rng(3), blue_share)
        source = [ours[name] for name in ("radius", "sersic", "axis_ratio")]
        simulated.append(-2.5 * np.log10(enclosed("optical", *source, np.full(len(r), 1.1), [0.75])[:, 0]))
    for low in (14, 15, 16, 17, 18):
        index = (r > low) & (r < low + 1)
        everything, blue = (np.median(values[index]) for values in simulated)
        print("r", low, index.sum(), "fibre magnitude minus total: real", np.median(real[index]).round(2),
              "simulated", everything.round(2), "blue only", blue.round(2))  # fmt: skip
        assert everything < np.median(real[index]) < blue + 0.1
