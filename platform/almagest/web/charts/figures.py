"""Stored figures as templates want them: bars drawn on the server; plots for `figures.js`, each with a table of its numbers.

A plot's data do not stand in the page: `web/views/figures.py` gives them when the reader gets there.
"""

from django.urls import reverse
from django.utils.http import urlencode

from almagest.sky.healpix import cell_size_deg
from almagest.sky.surveys import SURVEYS
from almagest.web.templatetags.almagest import percent, thousands

# Rows of the table below a map: the best, as links.
MOST_LISTED = 20
# Features that are seen at once.
FIRST = 20
# Colours in the sheet, `--k0` and on.
PALETTE = 10


def model_figures(training: list[dict], scoring: list[dict], classes: list[str], state: str, surveys: set[str]) -> dict:
    """What the page of a model version draws; no scatter with objects of a survey that is not among `surveys`."""
    return {
        "importances": importances(training), "counts": class_counts(scoring, classes),
        "scatters": [p for p in plots(training, ("scatter",), classes, state) if p["surveys"] <= surveys],
        "sky_plots": plots(scoring, ("sky", "histogram"), classes, state),
    }  # fmt: skip


def importances(figures: list[dict]) -> list[dict]:
    """Rows with a bar, its width a share of the largest: the first ones, and the rest."""
    found = []
    for f in (f for f in figures if f["kind"] == "importance"):
        rows = [
            {"feature": feature, "percent": share, "width": _width(share, f["percent"]), "drop": drop, "std": std}
            for feature, share, drop, std in zip(f["features"], f["percent"], f["drop"], f["drop_std"], strict=True)
        ]
        found.append({"title": f["title"], "caption": f["caption"], "first": rows[:FIRST], "rest": rows[FIRST:]})
    return found


def class_counts(figures: list[dict], classes: list[str]) -> list[dict]:
    """Rows with a bar in the class's colour; what is counted is what the other figures of the same scoring count."""
    surveys = set().union(*map(surveys_in, figures))
    return [
        {"title": f["title"], "total": sum(f["counts"]), "simulated": simulated(surveys), "rows": [
            {"name": name, "count": count, "width": _width(count, f["counts"]), "colour": colour,
             "share": percent(count / (sum(f["counts"]) or 1))}
            for name, count, colour in zip(f["names"], f["counts"], colours(f["names"], classes), strict=True)
        ]} for f in figures if f["kind"] == "counts"
    ]  # fmt: skip


def plots(figures: list[dict], kinds: tuple[str, ...], classes: list[str], state: str) -> list[dict]:
    """What ``templates/charts/plot.html`` takes, of these kinds, and as ``data`` what the script draws.

    A figure's name does not hang on who sees which others. `state` says what the page was made of.
    """
    return [_plot(f"{f['kind']}-{i}", f, classes, state) for i, f in enumerate(figures) if f["kind"] in kinds]


def surveys_in(figure: dict) -> set[str]:
    """Slugs of the surveys whose objects a figure shows; empty where it does not say."""
    return set(figure["survey"] if figure["kind"] == "scatter" else figure.get("surveys") or figure.get("series") or ())


def simulated(surveys: set[str]) -> str:
    """What a figure of these surveys is called; empty where all are observed."""
    drawn = [slug in SURVEYS and not SURVEYS[slug].observed for slug in surveys]
    return ("simulated" if all(drawn) else "partly simulated") if any(drawn) else ""


def _plot(name: str, figure: dict, classes: list[str], state: str) -> dict:
    plot, surveys = DRAWN[figure["kind"]](figure, classes), surveys_in(figure)
    # Relative to the page, which is a folder.
    address = f"figures/{name}.json?{urlencode({'state': state})}"
    return plot | {
        "id": name, "title": figure["title"], "source": address, "surveys": surveys, "simulated": simulated(surveys),
        "data": plot["data"] | {"simulated": simulated(surveys)},
    }  # fmt: skip


def colours(names: list[str], classes: list[str]) -> list[int]:
    """A class has the same colour in all figures; names that are no classes go by their own order."""
    return [(classes.index(name) if name in classes else i) % PALETTE for i, name in enumerate(names)]


def _scatter(figure: dict, classes: list[str]) -> dict:
    labels = figure["labels"]
    rows = [[label, thousands(figure["label"].count(label))] for label in labels]
    return {
        "data": figure | {"colours": figure.get("colours") or colours(labels, classes), "address": _object_address()},
        "choices": [{"value": i, "text": f"{v['y_label']} against {v['x_label']}"} for i, v in enumerate(figure["views"])],
        "choice": "Axes", "caption": figure["caption"], "head": ["", "points"], "rows": rows,
    }  # fmt: skip


def _histogram(figure: dict, classes: list[str]) -> dict:
    # The database keeps keys in an order of its own; surveys have the same colours as in the map.
    edges, series = figure["edges"], dict(sorted(figure["series"].items()))
    bins = zip(edges, edges[1:], *series.values(), strict=False)
    rows = [[f"{low:.2f} to {high:.2f}", *map(thousands, counts)] for low, high, *counts in bins]
    total = sum(map(sum, series.values()))
    return {
        "data": figure | {"series": series}, "switch": "Logarithmic", "head": [figure["x_label"], *series], "rows": rows,
        "caption": f"{total:,} objects. Surveys stand on each other; on a logarithmic axis, where heights do not add up, side by side.",
    }  # fmt: skip


def _sky(figure: dict, classes: list[str]) -> dict:
    rank_by, points = figure["rank_by"], len(figure["ra"])
    found = list(zip(figure["thresholds"], figure["above"], strict=True))
    drawn = (
        "all are drawn" if not figure["cells"] else f"the best {points:,} are drawn as points, all are counted in cells"
    )
    steps = "; ".join(f"{n:,} at {t:g} and more" for t, n in found)
    best = zip(figure["survey"], figure["source_id"], figure["score"], figure["ra"], figure["dec"], strict=True)
    return {
        "data": figure | {"address": _object_address()}, "choice": rank_by,
        "choices": [{"value": i, "text": f"≥ {t:g}: {n:,} objects"} for i, (t, n) in enumerate(found)],
        "caption": f"Objects by {rank_by}: {steps}; {drawn}. Right ascension grows to the left (ICRS).",
        "marks": figure["landmarks"], "best": [(figure["surveys"][s], *rest) for s, *rest in best][:MOST_LISTED],
    } | _regions(figure)  # fmt: skip


def _regions(figure: dict) -> dict:
    """The fullest parts of the sky as rows, and all of it; no rows for maps from before they were counted."""
    if not (regions := figure.get("regions")):
        return {"rows": []}
    size = f"fullest regions of {cell_size_deg(regions['order']):.0f}° about ra, dec"
    counts = zip(regions["ra"], regions["dec"], regions["count"], strict=True)
    rows = [[f"{ra:.1f}° {dec:+.1f}°", *map(thousands, count)] for ra, dec, count in counts]
    return {
        "head": [size, *(f"≥ {t:g}" for t in figure["thresholds"])],
        "rows": [*rows, ["the whole sky", *map(thousands, figure["above"])]],
    }


def _width(value: float, values: list[float]) -> float:
    return round(100 * max(value, 0) / (max(values, default=0) or 1), 2)


def _object_address() -> str:
    """Where an object's page is, with words in the places of its names."""
    return reverse("object", args=["survey", "source_id"])


DRAWN = {"scatter": _scatter, "histogram": _histogram, "sky": _sky}
