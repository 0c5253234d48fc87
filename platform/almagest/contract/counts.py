"""Scores of one class against all others, from its four counts."""

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True)
class Counts:
    """True and false positives, false and true negatives. A score is None where there is nothing to divide by."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def precision(self) -> float | None:
        """Share of the objects called so that are so."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """Share of the objects that are so that are called so."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        return self.f_beta(1)

    def f_beta(self, beta: float) -> float | None:
        """Weighted harmonic mean of precision and recall; `beta` above 1 leans towards recall (van Rijsbergen 1979)."""
        b = beta * beta
        return _ratio((1 + b) * self.tp, (1 + b) * self.tp + b * self.fn + self.fp)

    @property
    def inverted(self) -> "Counts":
        """The same with the labels swapped: what was negative is positive."""
        return Counts(self.tn, self.fn, self.fp, self.tp)

    @property
    def agf(self) -> float | None:
        """Adjusted geometric F, sqrt(F2 x InvF0.5): minds the negatives too, so that it serves where classes are uneven.

        InvF0.5 is F0.5 with the labels swapped (Maratea, Petrosino & Manzo 2014, Information Sciences 257, 331).
        """
        f2, inverted = self.f_beta(2), self.inverted.f_beta(0.5)
        return None if f2 is None or inverted is None else sqrt(f2 * inverted)


def _ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator else None
