"""Which labelled object is paired with which scored one, and what the model has learned from."""

from almagest.sky.services import cross_match_make

from .skies import ARCSEC, pairs, verify


def test_the_radius_is_the_edge(sky):
    sky.survey("sami-dr3", [150.0, 150.1], [10.0, 10.0], z_spec=[0.01, 0.01])
    near, far = sky.survey("sdss-dr14", [150.0, 150.1], [10 + 1.999 * ARCSEC, 10 + 2.001 * ARCSEC])
    version = sky.version({near: ("S", 0.9), far: ("S", 0.9)})
    assert [row["scored_object_id"] for row in pairs(verify(version))] == [near]
    assert [row["scored_object_id"] for row in pairs(verify(version, radius_arcsec=2.01))] == [near, far]


def test_each_object_is_in_one_pair_of_nearest_neighbours(sky):
    """Two scored objects at one label, two labels at one scored object; the farther ones are in no pair."""
    catalog = sky.survey("sami-dr3", [150.0, 151.0, 151.0 + ARCSEC], [0.0] * 3, z_spec=[0.01] * 3)
    objects = sky.survey("sdss-dr14", [150.0 + 0.5 * ARCSEC, 150.0 - 1.0 * ARCSEC, 151.0 + 0.7 * ARCSEC], [0.0] * 3)
    found = pairs(verify(sky.version(dict.fromkeys(objects, ("S", 0.9)))))
    assert {(row["label_object_id"], row["scored_object_id"]) for row in found} == {
        (catalog[0], objects[0]), (catalog[2], objects[2]),
    }  # fmt: skip
    assert not any(row["trained_on"] for row in found)
    learned = verify(sky.version(dict.fromkeys(objects, ("S", 0.9)), train=[objects[1]]))
    assert [row["trained_on"] for row in pairs(learned)] == [True, False], "the farther spectrum is of the same galaxy"


def test_equal_distances_always_give_the_same_pair(sky):
    sky.survey("sami-dr3", [150.0], [0.0], z_spec=[0.01])
    twins = sky.survey("sdss-dr14", [150.0, 150.0], [0.0, 0.0])
    version = sky.version(dict.fromkeys(twins, ("S", 0.9)))
    assert [pairs(verify(version))[0]["scored_object_id"] for _ in range(2)] == [min(twins)] * 2


def test_one_galaxy_in_another_survey_of_the_sample_is_learned_from(sky):
    """The sample holds the EVCC's image of the galaxy; a cross-match, made after the sample, says that it is the same."""
    place = ([150.0, 150.1], [10.0, 10.0])
    sky.survey("sami-dr3", *place, z_spec=[0.01, 0.01])
    objects = sky.survey("sdss-dr14", *place)
    other = sky.survey("evcc", *place, mem_evcc=["M"] * 2, cz_sdss=[900.0] * 2)
    version = sky.version(dict.fromkeys(objects, ("S", 0.9)), train=[other[0]], test=[other[1]])
    assert [row["trained_on"] for row in pairs(verify(version))] == [False, False]
    cross_match_make(survey_a="evcc", survey_b="sdss-dr14", radius_arcsec=2)
    assert [row["trained_on"] for row in pairs(verify(version))] == [True, False]
    assert [row["trained_on"] for row in pairs(verify(version, survey="evcc"))] == [True, False], (
        "the label's own object"
    )
