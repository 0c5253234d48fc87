"""What cannot be verified is refused in words, and what is hidden is shown by no verification."""

import pytest
from django.core.management import call_command

from almagest.accounts.models import User
from almagest.contract import Column, Table
from almagest.core.tables import drop_table
from almagest.predictions.listings import pair_listing
from almagest.predictions.models import Verification
from almagest.predictions.verification.errors import VerificationError
from almagest.predictions.verification.selectors import verification_list, verification_pairs
from almagest.predictions.verification.services import verification_start
from almagest.registry.models import ModelVersion
from almagest.runs.models import Run
from almagest.sky.errors import SurveyError
from almagest.sky.models import Survey

from .skies import do, verify


@pytest.mark.parametrize("radius", [0, -1, 60.5, float("nan"), float("inf")])
def test_a_radius_must_be_one(nine, radius):
    with pytest.raises(VerificationError, match="is not between 0 and 60"):
        verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=radius)
    assert not Run.objects.exists()


def test_what_cannot_be_verified_is_refused_before_any_run(sky, nine):
    bare = Table("toy_outputs", "", (Column("p_s", "float32"),))
    simulated = sky.survey("sami-dr3-simulated", [150.0], [10.0])
    assert simulated
    Survey.objects.create(slug="ls-dr8-hosts", name="DR8", release="DR8", observed=True)
    for version, survey, error, words in (
        (nine.version, "nothing", SurveyError, "there is no survey 'nothing' here; there is ls-dr8-hosts, sami-dr3"),
        (nine.version, "sdss-dr14", VerificationError, "no other observed survey than sdss-dr14 itself"),
        (nine.version, "sami-dr3-simulated", VerificationError, "no other simulated survey"),
        (
            nine.version,
            "ls-dr8-hosts",
            VerificationError,
            "declares none of redshift, spec_class, distance_mpc: it cannot",
        ),
        (sky.version(None), "sami-dr3", VerificationError, "has no scores yet; run `manage.py score` first"),
        (sky.version(None, outputs=bare), "sami-dr3", VerificationError, "gives no predicted_class"),
    ):
        with pytest.raises(error, match=words):
            verification_start(version=version, survey=survey, radius_arcsec=2)
    assert not Run.objects.exists() and not Verification.objects.exists()


def test_scores_that_were_replaced_meanwhile_are_not_read(nine):
    run = verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2)
    drop_table(nine.version.prediction_sets.get().table_name)
    with pytest.raises(VerificationError, match="were replaced before this began; start it again"):
        do(run)


def test_the_command_leaves_what_is_there_and_new_enough(nine, capsys, survey_file):
    verify(nine.version)
    again = ("verify", "toys", "toy", "--against", "sami-dr3", "--radius-arcsec", "2", "--if-missing")
    call_command(*again)
    assert "verified before, nothing to do" in capsys.readouterr().out
    assert Verification.objects.count() == 1
    with pytest.raises(SurveyError, match="there is no survey 'nothing'"):
        call_command("verify", "toys", "toy", "--against", "nothing", "--radius-arcsec", "2", "--if-missing")


def test_a_private_survey_never_shows_through(nine):
    owner, stranger = User.objects.create_user("vera"), User.objects.create_user("tycho")
    verification = verify(nine.version)
    for slug in ("sami-dr3", "sdss-dr14"):
        Survey.objects.filter(slug=slug).update(visibility="private", owner=owner)
        for reader in (None, stranger):
            assert not verification_list(user=reader).exists()
            with pytest.raises(VerificationError, match="there is no verification"):
                verification_pairs(user=reader, verification=verification, kind="hits")
            with pytest.raises(VerificationError, match="there is no verification"):
                pair_listing(user=reader, verification=verification)
        assert verification_list(user=owner, version=nine.version).get() == verification
        Survey.objects.filter(slug=slug).update(visibility="public")
    ModelVersion.objects.update(visibility="private", owner=owner)
    assert not verification_list(user=stranger).exists()
    assert verification_list(user=owner).exists()


def test_what_is_made_with_a_private_survey_is_private(nine):
    owner = User.objects.create_user("vera")
    Survey.objects.filter(slug="sami-dr3").update(visibility="private", owner=owner)
    with pytest.raises(SurveyError, match="there is no survey 'sami-dr3'"):
        verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2)
    verification = verify(nine.version, owner=owner)
    assert (verification.visibility, verification.run.visibility) == ("private", "private")
    Survey.objects.update(visibility="public")
    assert not verification_list(user=None).exists()
    assert verification_list(user=owner).get() == verification
