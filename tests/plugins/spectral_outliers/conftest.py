"""Simulated spectra that the tests of the plugin share; from formulas alone."""

import sys

import numpy as np
import pyarrow as pa
import pytest

from almagest.contract import Sample, no_report
from almagest.contract.spectra import arrays_of
from spectral_outliers.methods import outliers as method
from spectral_outliers.plugin import plugin
from spectral_outliers.preparation import GRID
from spectral_outliers.simulation.rows import simulate

# Of the groups, held back.
TEST_SHARE = 0.15
QUICK = {"epochs": 1, "more_epochs": 1, "flow_epochs": 5, "star_views": 1}


@pytest.fixture(scope="package", autouse=True)
def one_thread():
    """Threads of small networks wait for one another ten times as long as they work, where cores are busy."""
    if (torch := sys.modules.get("torch")) is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def simulated() -> pa.Table:
    """200 galaxies and 100 stars with spectra, in no order."""
    return simulate(300, 1)


@pytest.fixture(scope="session")
def spectra(simulated) -> Sample:
    """The same as a sample: two rows in a group, 15 % of the groups held back."""
    return sample_of(simulated)


@pytest.fixture(scope="package")
def trained(spectra, tmp_path_factory):
    """A briefly trained model as it is read from its folder, and what training told."""
    folder, module = tmp_path_factory.mktemp("outliers"), method.module()
    result = module.train(spectra, method.parse_parameters(QUICK), folder, no_report)
    return module.load(folder), result


@pytest.fixture(scope="package")
def rows(simulated) -> pa.Table:
    """40 rows as scoring sees them, both classes among them."""
    return simulated.slice(0, 40)


@pytest.fixture(scope="package")
def scores(trained, rows) -> pa.Table:
    """What the model says of them."""
    return method.module().score(trained[0], rows)


def sample_of(rows: pa.Table) -> Sample:
    """A sample in memory, of rows as the simulation gives them."""
    group = np.arange(rows.num_rows) // 2
    held_back = np.random.default_rng(3).permutation(group[::2])[: round(TEST_SHARE * len(group[::2]))]
    split = np.where(np.isin(group, held_back), "test", "train")
    keyed = rows.drop_columns(["flux", "ivar"]).append_column("group_id", pa.array(group))
    keyed = keyed.append_column("split", pa.array(split.tolist()))
    flux, ivar = arrays_of(rows, GRID)
    return Sample(keyed, plugin.labelling.classes, "STAR", 7, "", {}, GRID, flux, ivar)
