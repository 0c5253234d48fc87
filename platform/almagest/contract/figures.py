"""Figures as numbers: what a training draws, and what the platform draws of a scoring. Pages turn them into pictures."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ConfusionMatrix:
    """Counts of true classes (rows) against predicted ones (columns)."""

    title: str
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    kind: str = "confusion_matrix"


@dataclass(frozen=True)
class Curves:
    """Lines over one axis, e.g. a learning curve; None where a line has no value."""

    title: str
    x_label: str
    y_label: str
    x: tuple[float, ...]
    series: dict[str, tuple[float | None, ...]]
    kind: str = "curves"


@dataclass(frozen=True)
class View:
    """One pair of a scatter's quantities to be drawn against each other; magnitudes grow downwards."""

    x: str
    y: str
    x_label: str
    y_label: str
    is_reversed: bool = False


@dataclass(frozen=True)
class Scatter:
    """Objects as points, coloured by label.

    Parameters
    ----------
    columns
        ``{quantity: values, shape (n,)}``; None where there is none.
    label
        Each point's label, shape (n,); `labels` gives them in the order of the key.
    views
        Pairs of quantities to choose from; the first is shown first.
    survey, source_id
        What each point is, shape (n,).
    colours
        Places in the page's palette, one for each of `labels`, where labels mean a colour; else the page chooses.
    """

    title: str
    caption: str
    columns: dict[str, tuple[float | None, ...]]
    label: tuple[str, ...]
    labels: tuple[str, ...]
    views: tuple[View, ...]
    survey: tuple[str, ...]
    source_id: tuple[str, ...]
    colours: tuple[int, ...] = ()
    kind: str = "scatter"


@dataclass(frozen=True)
class Importance:
    """How much a score drops when one feature's values are shuffled among the rows; largest first.

    Parameters
    ----------
    drop, drop_std
        Mean and standard deviation over the shufflings, in units of the score, shape (n,).
    percent
        Share of the sum of all positive drops, shape (n,).
    """

    title: str
    caption: str
    features: tuple[str, ...]
    drop: tuple[float, ...]
    drop_std: tuple[float, ...]
    percent: tuple[float, ...]
    kind: str = "importance"


@dataclass(frozen=True)
class Histogram:
    """Counts in bins: `edges`, shape (n + 1,), and for each series n counts."""

    title: str
    x_label: str
    y_label: str
    edges: tuple[float, ...]
    series: dict[str, tuple[int, ...]]
    kind: str = "histogram"


@dataclass(frozen=True)
class ClassCounts:
    """How many objects were put into each class."""

    title: str
    names: tuple[str, ...]
    counts: tuple[int, ...]
    kind: str = "counts"


@dataclass(frozen=True)
class SkyMap:
    """Where the objects lie that have a score of at least the first of `thresholds`.

    Parameters
    ----------
    rank_by
        The output that is the score, between 0 and 1.
    total
        How many such objects there are; the points may be fewer.
    thresholds, above
        Scores, and how many objects have at least that much.
    ra, dec, score, source_id
        The objects with the highest scores, best first; degrees (ICRS), shape (n,).
    survey
        Of each point, which of `surveys` it is from, shape (n,).
    cells
        All such objects counted in HEALPix cells where the points are not all of them: ``order`` and, each of shape (m,),
        ``ra`` and ``dec`` of the cells' centres in degrees and ``count``; else None.
    landmarks
        Places to mark: ``name``, ``ra``, ``dec``, ``radius_deg`` and ``note``.
    regions
        The fullest of larger cells, fullest first, for who does not see the map: as `cells`, but each ``count`` is of shape
        (number of thresholds,), how many have at least that much; None in maps from before they were counted.
    """

    title: str
    rank_by: str
    total: int
    thresholds: tuple[float, ...]
    above: tuple[int, ...]
    surveys: tuple[str, ...]
    ra: tuple[float, ...]
    dec: tuple[float, ...]
    score: tuple[float, ...]
    survey: tuple[int, ...]
    source_id: tuple[str, ...]
    cells: dict[str, Any] | None = None
    landmarks: tuple[dict[str, Any], ...] = ()
    regions: dict[str, Any] | None = None
    kind: str = "sky"


Figure = ConfusionMatrix | Curves | Scatter | Importance | Histogram | ClassCounts | SkyMap
