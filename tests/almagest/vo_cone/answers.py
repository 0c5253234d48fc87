"""Answers of the Simple Cone Search, read by astropy; and distances by another way than the platform's."""

import io

import numpy as np
from astropy.io import votable

BASE = "/vo/scs/surveys/sami-dr3"
MAIN = ("ID_MAIN", "POS_EQ_RA_MAIN", "POS_EQ_DEC_MAIN")
BINARY2 = "application/x-votable+xml;serialization=binary2"


class Answer:
    """A VOTable that came back."""

    def __init__(self, response):
        self.response, self.text = response, response.getvalue()
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("application/x-votable+xml")
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        self.resource = votable.parse(io.BytesIO(self.text)).resources[0]
        self.infos = [(info.name, info.value) for info in self.resource.infos]
        self.error = dict(self.infos).get("Error", "")
        if self.resource.tables:
            (self.table,) = self.resource.tables
            self.fields = {field.name: field for field in self.table.fields}
            self.rows = self.table.array

    def names(self, ucd: str) -> list[str]:
        return [field.name for field in self.table.fields if field.ucd == ucd]

    def values(self, name: str) -> list:
        return self.rows[name].tolist()

    @property
    def is_cut(self) -> bool:
        """Whether it says that there was more, and says it after the rows."""
        said = self.text.find(b'value="OVERFLOW"')
        assert said < 0 or said > self.text.index(b"</TABLE>")
        return said > 0


def distances_deg(ra: float, dec: float, ras: np.ndarray, decs: np.ndarray) -> np.ndarray:
    """By the chord between unit vectors: another way than the platform's."""

    def vector(a, d):
        a, d = np.radians(a), np.radians(d)
        return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=-1)

    chord = np.linalg.norm(vector(ras, decs) - vector(ra, dec), axis=-1)
    return np.degrees(2 * np.arcsin(np.clip(chord / 2, 0, 1)))
