"""What a plugin is, and what passes between a plugin and the platform: neither Django nor any ML library is known here."""

from almagest.contract.columns import Column, Table
from almagest.contract.counts import Counts
from almagest.contract.errors import AlmagestError, Cancelled, PluginError, SampleError, TableError
from almagest.contract.figures import (
    ClassCounts,
    ConfusionMatrix,
    Curves,
    Figure,
    Histogram,
    Importance,
    Scatter,
    SkyMap,
    View,
)
from almagest.contract.metrics import SCORES, Metric, classification_metrics, confusion_matrix, wilson_interval
from almagest.contract.plugin import Contender, Cut, Labelling, Landmark, Method, Paper, Parameter, Plugin, Study
from almagest.contract.result import Report, Result, no_report
from almagest.contract.sample import Sample, write_sample
from almagest.contract.spectra import SpectralGrid

__all__ = [
    "SCORES",
    "AlmagestError",
    "Cancelled",
    "ClassCounts",
    "Column",
    "ConfusionMatrix",
    "Contender",
    "Counts",
    "Curves",
    "Cut",
    "Figure",
    "Histogram",
    "Importance",
    "Labelling",
    "Landmark",
    "Method",
    "Metric",
    "Paper",
    "Parameter",
    "Plugin",
    "PluginError",
    "Report",
    "Result",
    "Sample",
    "SampleError",
    "Scatter",
    "SkyMap",
    "SpectralGrid",
    "Study",
    "Table",
    "TableError",
    "View",
    "classification_metrics",
    "confusion_matrix",
    "no_report",
    "wilson_interval",
    "write_sample",
]
