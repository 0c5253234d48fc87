"""Lines over one axis, such as a learning curve."""

from almagest.web.charts.scales import Frame, nice_ticks, path


def curves(figure: dict, frame: Frame | None = None) -> dict:
    """What the template draws from ``{"title", "x", "series", "x_label", "y_label"}``."""
    frame = frame or Frame()
    x = figure["x"] or [0]
    values = [v for line in figure["series"].values() for v in line if v is not None] or [0]
    x_low, x_high, y_low, y_high = min(x), max(x), min(0, *values), max(values)
    x_span, y_span = (x_high - x_low) or 1, (y_high - y_low) or 1
    lines = [
        {"name": name, "number": i + 1, "last": f"{line[-1]:.4g}" if line else "",
         "path": path([(frame.x((a - x_low) / x_span), frame.y((b - y_low) / y_span)) for a, b in zip(x, line, strict=False)])}
        for i, (name, line) in enumerate(figure["series"].items())
    ]  # fmt: skip
    return {
        "frame": frame, "title": figure["title"], "x_label": figure["x_label"], "y_label": figure["y_label"], "lines": lines,
        "x_ticks": [{"x": frame.x((t - x_low) / x_span), "text": f"{t:g}"} for t in nice_ticks(x_low, x_high)],
        "y_ticks": [{"y": frame.y((t - y_low) / y_span), "text": f"{t:g}"} for t in nice_ticks(y_low, y_high)],
        "summary": "; ".join(f"{line['name']} ends at {line['last']}" for line in lines),
    }  # fmt: skip
