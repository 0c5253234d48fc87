"""What a plugin is, and what passes between a plugin and the platform: neither Django nor any ML library is known here."""

from almagest.contract.columns import Column, Table
from almagest.contract.errors import AlmagestError, Cancelled, PluginError, SampleError, TableError
from almagest.contract.metrics import Metric, classification_metrics, confusion_matrix, wilson_interval
from almagest.contract.plugin import Cut, Labelling, Method, Paper, Parameter, Plugin
from almagest.contract.result import ConfusionMatrix, Curves, Report, Result, no_report
from almagest.contract.sample import Sample, write_sample

__all__ = [
    "AlmagestError",
    "Cancelled",
    "Column",
    "ConfusionMatrix",
    "Curves",
    "Cut",
    "Labelling",
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
    "Table",
    "TableError",
    "classification_metrics",
    "confusion_matrix",
    "no_report",
    "wilson_interval",
    "write_sample",
]
