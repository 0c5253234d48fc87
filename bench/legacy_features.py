"""The 91 features of Legacy Surveys rows from Arrow, beside a straightforward version in pandas.

    python bench/legacy_features.py [--rows 10000000]

Rows are drawn a million at a time, as scoring reads them block by block; only the features are timed. The pandas version
computes the same numbers column by column on the first block, and the two are compared. Needs neither a database nor data.
"""

import argparse
import time
from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow as pa

from dwarf_galaxies.columns import APERTURES, LEGACY_BANDS
from dwarf_galaxies.features import legacy_features, legacy_ratios

BLOCK = 1_000_000


def tractor_rows(count: int, random: np.random.Generator) -> pa.Table:
    """Fluxes of all sizes, one in fifty not positive, and one aperture list in a hundred missing."""
    columns = {}
    for band in LEGACY_BANDS:
        flux = np.where(random.random(count) < 0.02, -1, random.lognormal(1, 2, count)).astype(np.float32)
        size = APERTURES[band]
        apertures = np.cumsum(random.lognormal(0, 1, (count, size)), axis=1).astype(np.float32)
        offsets = pa.array(np.arange(0, count * size + 1, size, dtype=np.int32))
        columns[f"flux_{band}"] = pa.array(flux)
        columns[f"mw_transmission_{band}"] = pa.array(random.uniform(0.7, 1, count).astype(np.float32))
        columns[f"apflux_{band}"] = pa.ListArray.from_arrays(offsets, pa.array(apertures.ravel()))
    return pa.table(columns)


def with_pandas(rows: pa.Table) -> np.ndarray:
    """The same features as one would write them first."""
    frame = rows.to_pandas()
    features = pd.DataFrame(index=frame.index)
    for band in LEGACY_BANDS:
        flux = frame[f"flux_{band}"].where(frame[f"flux_{band}"] > 0) / frame[f"mw_transmission_{band}"]
        features[band] = 22.5 - 2.5 * np.log10(flux)
    for a, b in combinations(LEGACY_BANDS, 2):
        features[f"{a}-{b}"] = features[a] - features[b]
    apertures = {
        band: pd.DataFrame(frame[f"apflux_{band}"].tolist(), index=frame.index, columns=range(1, APERTURES[band] + 1))
        for band in LEGACY_BANDS
    }
    ratios = {f"{a}_{i}/{b}_{j}": apertures[a][i] / apertures[b][j] for (a, i), (b, j) in legacy_ratios()}
    return pd.concat([features, pd.DataFrame(ratios)], axis=1).to_numpy(np.float32)


def timed(what, rows: pa.Table) -> tuple[np.ndarray, float]:
    """Its features and rows per second."""
    start = time.perf_counter()
    features = what(rows)
    return features, rows.num_rows / (time.perf_counter() - start)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    count = parser.parse_args().rows
    random, rates = np.random.default_rng(1), []
    blocks = [min(BLOCK, count - start) for start in range(0, count, BLOCK)]
    for number, size in enumerate(blocks):
        rows = tractor_rows(size, random)
        features, rate = timed(legacy_features, rows)
        rates.append(rate)
        if number == 0:
            theirs, slow = timed(with_pandas, rows)
            np.testing.assert_allclose(features, theirs, rtol=1e-5, atol=1e-5)
    overall = count / sum(size / rate for size, rate in zip(blocks, rates, strict=True))
    print(f"from Arrow     {overall:>12,.0f} rows/s over {count:,} rows; slowest block {min(rates):,.0f}")
    print(f"with pandas    {slow:>12,.0f} rows/s on the first block, the same numbers")
    print(f"Arrow / pandas {overall / slow:>12.1f}")


if __name__ == "__main__":
    main()
