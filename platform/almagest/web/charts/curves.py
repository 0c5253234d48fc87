"""Lines over one axis: learning curves, and distributions as their outlines."""

from itertools import groupby

from almagest.web.charts.figures import colours
from almagest.web.charts.scales import Frame, nice_ticks, path

# Three cards stand side by side on a wide screen.
SMALL = Frame(width=460, height=250, left=48, top=26)


def charts(figures: list[dict]) -> list[dict]:
    """What ``templates/charts/curves.html`` draws of a training's figures."""
    drawn = {"curves": curves, "histogram": outlines}
    return [drawn[figure["kind"]](figure) for figure in figures if figure["kind"] in drawn]


def curves(figure: dict) -> dict:
    """Lines, each with its last value as its number; where a value is None a line is broken."""
    last = {name: f"{known[-1]:.4g}" for name, line in figure["series"].items() if (known := _known(line))}
    return _chart(figure, figure["x"], figure["series"], last) | {
        "summary": "; ".join(f"{name} ends at {value}" for name, value in last.items())
    }


def outlines(figure: dict) -> dict:
    """Counts in bins as steps, each series with what it counts together as its number."""
    x = [edge for edge in figure["edges"] for _ in range(2)]
    steps = {name: [0, *(n for n in counts for _ in range(2)), 0] for name, counts in figure["series"].items()}
    total = {name: f"{sum(counts):,}" for name, counts in figure["series"].items()}
    return _chart(figure, x, steps, total) | {"summary": "; ".join(f"{name}: {n}" for name, n in total.items())}


def _chart(figure: dict, x: list[float], series: dict[str, list], numbers: dict[str, str]) -> dict:
    x, frame = x or [0], SMALL
    values = [v for line in series.values() for v in _known(line)] or [0]
    x_low, x_high, y_low, y_high = min(x), max(x), min(0, *values), max(values)
    x_span, y_span = (x_high - x_low) or 1, (y_high - y_low) or 1
    lines = [
        {"name": name, "colour": colour, "number": numbers.get(name, ""), "path": _path([
            None if b is None else (frame.x((a - x_low) / x_span), frame.y((b - y_low) / y_span))
            for a, b in zip(x, line, strict=False)
        ])}
        for (name, line), colour in zip(series.items(), colours(list(series), []), strict=True)
    ]  # fmt: skip
    return {
        "frame": frame, "title": figure["title"], "x_label": figure["x_label"], "y_label": figure["y_label"], "lines": lines,
        "x_ticks": [{"x": frame.x((t - x_low) / x_span), "text": f"{t:g}"} for t in nice_ticks(x_low, x_high)],
        "y_ticks": [{"y": frame.y((t - y_low) / y_span), "text": f"{t:g}"} for t in nice_ticks(y_low, y_high)],
    }  # fmt: skip


def _known(line: list) -> list:
    return [value for value in line if value is not None]


def _path(points: list) -> str:
    """SVG path through points, anew after each gap."""
    pieces = groupby(points, key=lambda point: point is not None)
    return " ".join(path(list(piece)) for is_known, piece in pieces if is_known)
