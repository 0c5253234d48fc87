"""What training gives back: metrics, figures, and nothing that cannot be written as JSON."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from almagest.contract.figures import Figure
from almagest.contract.metrics import Metric

# report(fraction, message): tells how far a run is, and raises `Cancelled` when somebody has asked it to stop.
Report = Callable[[float, str], None]


def no_report(fraction: float, message: str = "") -> None:
    """A report to nobody, for use outside the platform."""


@dataclass(frozen=True)
class Result:
    """What `train` returns; the model's files themselves lie in its `out` folder.

    Parameters
    ----------
    details
        What else there is to know. A search among parameters is told as ``{"search": {"draws", "folds", "objective",
        "chosen", "tried": [{"parameters", "score", "std"}, ...]}}``, best first.
    parameters
        Those that a search has put in place of the given ones.
    """

    metrics: tuple[Metric, ...]
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict:
        """Plain dictionary for the model version's row."""
        return asdict(self)
