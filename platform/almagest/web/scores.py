"""Scores as rows of the table that model versions and verifications are shown with."""

# The survey whose share of dwarfs is nearest to nature's comes first: its row is the headline.
HEADLINE = "sdss"
METRICS = ("precision", "recall", "prevalence", "accuracy")


def metric_rows(metrics: list[dict]) -> list[dict]:
    """One row a group: the headline survey first, the pooled one last."""
    groups = list(dict.fromkeys(metric["group"] for metric in metrics))
    groups.sort(key=lambda name: (name == "all", not name.startswith(HEADLINE), name))
    by_key = {(m["group"], m["name"]): m for m in metrics if m["of"] != "others" and m["split"] == "test"}
    return [{"group": group, "cells": [by_key.get((group, name)) for name in METRICS]} for group in groups]


def own_metrics(metrics: list[dict]) -> list[dict]:
    """What a method measures beside classes, such as a loss: numbers of the whole sample that the table has no column for."""
    return [m for m in metrics if m["of"] == m["group"] == "all" and m["split"] == "test" and m["name"] not in METRICS]
