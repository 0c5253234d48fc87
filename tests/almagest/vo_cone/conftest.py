"""Ten objects in a line, and a function that asks for them."""

import numpy as np
import pytest

from almagest.sky.services import ingest_file

from .answers import BASE, Answer


@pytest.fixture
def ask(client):
    """A function that asks a service: ``ask(RA=10, DEC=1, SR=0.1)``."""

    def asked(base: str = BASE, **parameters) -> Answer:
        return Answer(client.get(base, parameters))

    return asked


@pytest.fixture
def line(survey_file) -> None:
    """Ten objects from RA 10 eastwards on the equator, a hundredth of a degree apart."""
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", 10 + np.arange(10) / 100, np.zeros(10)))
