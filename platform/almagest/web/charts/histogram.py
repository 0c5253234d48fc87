"""A histogram of probabilities with a logarithmic y axis."""

from almagest.web.charts.scales import Frame, decades, log_share


def histogram(
    stored: dict, *, threshold: float, x_label: str, of: str = "scored objects", frame: Frame | None = None
) -> dict:
    """What the template draws: bars, ticks, the threshold's line.

    Parameters
    ----------
    stored
        ``{"edges": n + 1 numbers from 0 to 1, "counts": n numbers}``.
    of
        What is counted.
    """
    frame = frame or Frame()
    edges, counts = stored.get("edges", [0, 1]), stored.get("counts", [0])
    largest = max(counts, default=0) or 1
    bars = []
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        top = frame.y(log_share(count, largest))
        bars.append({"x": frame.x(low), "y": top, "width": round(frame.x(high) - frame.x(low) - 1, 2), "count": count,
                     "height": round(frame.floor - top, 2), "title": f"{low:.2f} to {high:.2f}: {count:,} objects",
                     "chosen": low >= threshold - 1e-9})  # fmt: skip
    return {
        "frame": frame, "bars": bars, "threshold": {"x": frame.x(threshold), "value": threshold}, "x_label": x_label,
        "y_label": "objects", "x_ticks": [{"x": frame.x(i / 5), "text": f"{i / 5:.1f}"} for i in range(6)],
        "y_ticks": [{"y": frame.y(log_share(n, largest)), "text": f"{n:,}"} for n in decades(largest)],
        "summary": f"{sum(counts):,} {of} by {x_label}; {sum(b['count'] for b in bars if b['chosen']):,} at or above {threshold}",
    }  # fmt: skip
