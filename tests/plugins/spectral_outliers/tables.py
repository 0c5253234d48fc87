"""Tables of rows and of scores, as the tests of scoring need them."""

import numpy as np
import pyarrow as pa

from almagest.contract.spectra import arrays_of, with_arrays
from spectral_outliers.preparation import GRID


def changed(rows: pa.Table, redshift=None, flux=None, ivar=None) -> pa.Table:
    """The rows with other redshifts, fluxes or inverse variances."""
    old = arrays_of(rows, GRID)
    if redshift is not None:
        at = rows.column_names.index("redshift")
        rows = rows.set_column(at, "redshift", pa.array(redshift, pa.float64()))
    arrays = (new if new is not None else given for new, given in zip((flux, ivar), old, strict=True))
    return with_arrays(rows.drop_columns(["flux", "ivar"]), *arrays, GRID)


def numbers(table: pa.Table, name: str) -> np.ndarray:
    """Null as NaN; arrays row by row."""
    values = table[name].to_pylist()
    wide = [v if v is not None else [np.nan] * 6 for v in values] if "latents" in name else values
    return np.array(wide, float)
