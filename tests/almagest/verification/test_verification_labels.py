"""What the labelling is given: the catalog's own values, and the counterpart's where the catalog declares none."""

import pytest
from django.db import connection

from almagest.contract import Labelling, PluginError
from almagest.core.tables import quote
from almagest.predictions.verification.services import verification_start
from almagest.sky.surveys import SURVEYS

from .skies import LABELLING, do, verify


def test_labels_are_the_catalogs_and_only_undeclared_inputs_are_the_counterparts(nine, labelled):
    """The scored survey's redshift is 0.5 throughout: had it entered, all would be F."""
    verification = verify(nine.version)
    given = labelled[0]
    assert given["redshift"].to_pylist()[:5] == pytest.approx([0.01, 0.01, 0.5, 0.5, 0.05])
    assert given["redshift"].to_pylist()[5] is None
    assert given["spec_class"].to_pylist() == ["GALAXY"] * 6 + ["STAR"]  # which sami-dr3 does not declare
    assert given["distance_mpc"].null_count == 7  # which neither declares
    assert given["g"].to_pylist() == [1, 2, 3, 4, 5, 6, 7]
    assert set(given["survey"].to_pylist()) == {"sami-dr3"}
    assert verification.notes == [
        "sdss-dr14: labels from redshift of sami-dr3; spec_class, which sami-dr3 does not declare, of sdss-dr14; "
        "distance_mpc of neither.",
        "sdss-dr14: g, r of sami-dr3 in 0 of 7 pairs, of sdss-dr14 in the others.",
    ]


def test_magnitudes_are_all_of_one_survey(sky, labelled):
    """A colour of the catalog's g and the other survey's r would be none."""
    ra, dec = [150.0, 150.1, 150.2], [10.0] * 3
    sky.survey(
        "evcc", ra, dec, g=[14.0, None, 16.0], r=[13.0, 12.0, float("nan")], mem_evcc=["M"] * 3, cz_sdss=[900.0] * 3
    )
    objects = sky.survey("sdss-dr14", ra, dec, g=[20.0, 21.0, 22.0], r=[19.0, 18.0, 17.0])
    verify(sky.version(dict.fromkeys(objects, ("S", 0.9))), survey="evcc")
    assert labelled[0]["g"].to_pylist() == [14, 21, 22]
    assert labelled[0]["r"].to_pylist() == [13, 18, 17]
    assert labelled[0]["distance_mpc"].to_pylist() == [16.5] * 3  # declared by the catalog: its own


def test_classes_that_nobody_declared_are_a_fault_of_the_plugin(nine):
    fewer = Labelling(("S", "F"), "S", LABELLING.inputs, LABELLING.implementation)
    with pytest.raises(PluginError, match="predicts undeclared classes: M"):
        do(verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2), labelling=fewer)
    with connection.cursor() as cursor:
        table = quote(nine.version.prediction_sets.get().table_name)
        cursor.execute(f"UPDATE {table} SET predicted_class = 'F' WHERE predicted_class = 'M'")
    with pytest.raises(PluginError, match="gave undeclared classes: M"):
        do(verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2), labelling=fewer)


def test_declared_surveys_are_those_that_were_meant():
    """The tests above lean on what these tables declare."""
    assert "spec_class" not in SURVEYS["sami-dr3"].table and "g" not in SURVEYS["sami-dr3"].table
    assert {"g", "r", "distance_mpc"} <= set(SURVEYS["evcc"].table.names)
