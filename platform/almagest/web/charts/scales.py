"""From data to pixels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """A plot's size and the room inside its axes, in pixels."""

    width: int = 720
    height: int = 240
    left: int = 56
    right: int = 12
    top: int = 12
    bottom: int = 40

    @property
    def inner_width(self) -> int:
        """Width between the axes' ends."""
        return self.width - self.left - self.right

    @property
    def floor(self) -> int:
        """The x axis's y."""
        return self.height - self.bottom

    @property
    def middle(self) -> float:
        """Where the x label stands."""
        return self.left + self.inner_width / 2

    def x(self, share: float) -> float:
        """Pixel of a share of the x axis."""
        return round(self.left + share * self.inner_width, 2)

    def y(self, share: float) -> float:
        """Pixel of a share of the y axis, counted from below."""
        return round(self.floor - share * (self.floor - self.top), 2)


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` round numbers between two values."""
    if not high > low:
        return [low]
    rough = (high - low) / count
    power = 10 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough)
    first = math.ceil(low / step)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def log_share(value: float, largest: float) -> float:
    """Share of a logarithmic axis from 0.5 to `largest`; nothing is drawn for 0."""
    return 0.0 if value <= 0 else math.log(value / 0.5) / math.log(max(largest, 1) / 0.5)


def decades(largest: float) -> list[int]:
    """1, 10, 100, … up to `largest`."""
    return [10**i for i in range(int(math.log10(max(largest, 1))) + 1)]


def path(points: Sequence[tuple[float, float]]) -> str:
    """SVG path through points."""
    return "M" + " L".join(f"{x} {y}" for x, y in points) if points else ""
