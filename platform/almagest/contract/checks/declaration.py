"""Laws of what a plugin declares; nothing of it is run."""

import re
from typing import get_args

from almagest.contract.checks.laws import Subject
from almagest.contract.columns import Column
from almagest.contract.errors import PluginError
from almagest.contract.plugin import Labelling, Method, Plugin, Runtime
from almagest.contract.sample import KEY_COLUMNS

NAME = re.compile(r"[a-z][a-z0-9_]*")
# First words of UCDs whose quantities always have a unit, unless they are ratios.
WITH_UNIT = ("phot.mag", "phot.flux", "phys.angSize", "pos.eq", "pos.distance", "pos.angDistance", "em.wl")


def check_declaration(plugin: Plugin) -> None:
    """Names, README, classes, methods, columns and parameters make sense; `PluginError` names what does not."""
    subject = Subject(plugin)
    subject.require(
        bool(NAME.fullmatch(plugin.name)), "its name is lower case letters, digits and underscores", repr(plugin.name)
    )
    for field in ("title", "version", "summary"):
        subject.require(bool(getattr(plugin, field).strip()), "it has a title, a version and a summary", f"no {field}")
    has_readme = plugin.readme.is_file() and bool(plugin.readme.read_text(encoding="utf-8").strip())
    subject.require(has_readme, "its README is there and says something", str(plugin.readme))
    _check_classes(subject, plugin.labelling)
    names = [method.name for method in plugin.methods]
    subject.require(len(set(names)) == len(names) > 0, "it has methods, each with its own name", ", ".join(names))
    for method in plugin.methods:
        _check_method(Subject(plugin, method), method)


def _check_classes(subject: Subject, labelling: Labelling) -> None:
    classes = labelling.classes
    subject.require(len(set(classes)) == len(classes) > 1, "it has two classes or more, each with its own name")
    subject.require(labelling.signal in classes, "the signal is one of its classes", labelling.signal)
    _check_columns(subject, labelling.inputs.columns)


def _check_method(subject: Subject, method: Method) -> None:
    subject.require(bool(NAME.fullmatch(method.name)), "a method's name is lower case", method.name)
    subject.require(method.runtime in get_args(Runtime), "its runtime is one that workers have", method.runtime)
    subject.require(bool(method.inputs.columns), "it has inputs")
    subject.require(method.rank_by in method.outputs, "rank_by is one of the outputs", method.rank_by)
    rank = method.outputs[method.rank_by]
    subject.require(rank.dtype.startswith("float") and not rank.shape, "rank_by is a number with decimals", rank.dtype)
    for table in (method.inputs, method.cut_inputs, method.outputs):
        _check_columns(subject, table.columns)
        clash = [name for name in table.names if name in KEY_COLUMNS.names]
        subject.require(not clash, "no column has the name of one of a sample's own", ", ".join(clash))
    bound = [column.name for column in method.outputs.columns if not column.nullable]
    subject.require(not bound, "outputs may be null: a bad row has none", ", ".join(bound))
    _check_parameters(subject, method)


def _check_columns(subject: Subject, columns: tuple[Column, ...]) -> None:
    bare = [column.name for column in columns if not (column.description and column.ucd)]
    subject.require(not bare, "columns have a description and a UCD", ", ".join(bare))
    unitless = [c.name for c in columns if c.ucd.startswith(WITH_UNIT) and "arith.ratio" not in c.ucd and not c.unit]
    subject.require(not unitless, "magnitudes, fluxes, angles and distances have a unit", ", ".join(unitless))


def _check_parameters(subject: Subject, method: Method) -> None:
    names = [parameter.name for parameter in method.parameters]
    subject.require(len(set(names)) == len(names), "parameters have names of their own", ", ".join(names))
    for parameter in method.parameters:
        subject.require(bool(parameter.description), "parameters have a description", parameter.name)
        try:
            parameter.parse(parameter.default)
        except PluginError as error:
            raise subject.broken("a parameter's default is an allowed value", str(error)) from None
