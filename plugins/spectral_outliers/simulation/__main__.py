"""Write simulated galaxies and stars: ``python -m spectral_outliers.simulation FOLDER --size 10000 [--data ../shared/data/spectra]``."""

import argparse
import sys
from itertools import chain
from pathlib import Path
from typing import NoReturn

from almagest.contract import AlmagestError, PluginError
from spectral_outliers.simulation.files import write_galaxies, write_stars
from spectral_outliers.simulation.noise import read_noise, written_noise
from spectral_outliers.simulation.templates import read_templates, written_templates


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n")


def main() -> None:
    """Read the arguments, write the files, print their names."""
    parser = _Parser(prog="python -m spectral_outliers.simulation", description=__doc__.split(":")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=10_000, help="galaxies (10000)")
    parser.add_argument("--stars", type=int, default=0, help="stars of formulas beside them (0)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--data", type=Path,
        help="folder with templates/ (eigenspectra) and real spectra in sdss/, sdss_boss_qso_picca/, desi/, whose noise is lent; "
        "formulas without it",
    )  # fmt: skip
    given = parser.parse_args()
    if given.size < 1:
        parser.error("--size must be 1 or more")
    if given.stars < 0:
        parser.error("--stars must be 0 or more")
    if given.seed < 0:
        parser.error("--seed must be 0 or more")
    try:
        templates, noise = (
            (read_templates(given.data / "templates"), noise_of(given.data))
            if given.data
            else (written_templates(), written_noise())
        )
        galaxies = write_galaxies(given.folder, templates, noise, given.size, given.seed)
        for path in chain(galaxies, write_stars(given.folder, noise, given.stars, given.seed)):
            print(path, flush=True)
    except (AlmagestError, OSError) as error:
        sys.exit(f"error: {error}")


def noise_of(data: Path):
    """The noise of the real spectra in a folder."""
    patterns = ("sdss/spec-*.fits*", "sdss_boss_qso_picca/spec-*.fits*", "desi/coadd-*.fits*")
    paths = [path for pattern in patterns for path in data.glob(pattern)]
    if not paths:
        raise PluginError(f"{data} has no spectra whose noise could be lent: {', '.join(patterns)}")
    return read_noise(paths)


if __name__ == "__main__":
    main()
