"""A confusion matrix as the paper's Figure 5 draws it: percentages by column (precision), shade by row (recall)."""

# Squares with a smaller share of their column carry no percentage.
SMALLEST_SHOWN = 0.01


def confusion_matrix(figure: dict) -> dict:
    """Rows of squares from ``{"title", "classes", "counts"}``; rows are the true classes, columns the predicted ones."""
    classes, counts = figure["classes"], figure["counts"]
    columns = [sum(row[k] for row in counts) for k in range(len(classes))]
    rows = []
    for i, name in enumerate(classes):
        total = sum(counts[i])
        squares = [_square(counts[i][k], total, columns[k], name, classes[k]) for k in range(len(classes))]
        rows.append({"name": name, "total": total, "squares": squares})
    return {"title": figure["title"], "classes": classes, "rows": rows, "totals": columns, "count": sum(columns)}


def _square(count: int, row_total: int, column_total: int, true: str, predicted: str) -> dict:
    share = count / column_total if column_total else 0.0
    recall = count / row_total if row_total else 0.0
    return {
        "count": count, "percent": f"{100 * share:.1f} %" if share >= SMALLEST_SHOWN else "", "is_diagonal": true == predicted,
        "shade": round(recall, 3), "is_dark": recall > 0.55,
        "title": f"{count:,} of true class {true} called {predicted}: {100 * share:.1f} % of those called {predicted}, "
                 f"{100 * recall:.1f} % of true {true}",
    }  # fmt: skip
