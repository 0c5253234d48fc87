"""Laws of what a plugin declares; nothing of it is run."""

import re
from typing import get_args

from almagest.contract.checks.laws import Subject
from almagest.contract.columns import Column, Table
from almagest.contract.cuts import PREDICTED_CLASS
from almagest.contract.errors import PluginError
from almagest.contract.plugin import Labelling, Method, Plugin, Runtime
from almagest.contract.sample import KEY_COLUMNS
from almagest.contract.spectra import ARRAYS

NAME = re.compile(r"[a-z][a-z0-9_]*")
# Words on verdicts, as the platform keeps them, and how many one verdict has at most.
TAG, MOST_TAGS = re.compile(r"[a-z0-9]([a-z0-9_-]{0,38}[a-z0-9])?"), 20
# First words of UCDs whose quantities always have a unit, unless they are ratios.
WITH_UNIT = ("phot.mag", "phot.flux", "phys.angSize", "pos.eq", "pos.distance", "pos.angDistance", "em.wl")

# Columns that the platform gives to tables of scores and of catalogs.
OF_SCORES = ("is_candidate",)
# Two latent numbers make a map; with more than so many the database keeps no index of what is near.
FEWEST_LATENTS, MOST_LATENTS = 2, 2000
OF_CATALOGS = ("ra", "dec", "healpix", "sample_split", "sample_label", *KEY_COLUMNS.names)


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
    _check_tags(subject, plugin.tags)
    names = [method.name for method in plugin.methods]
    subject.require(len(set(names)) == len(names) > 0, "it has methods, each with its own name", ", ".join(names))
    for method in plugin.methods:
        _check_method(Subject(plugin, method), method)


def _check_classes(subject: Subject, labelling: Labelling) -> None:
    classes = labelling.classes
    subject.require(len(set(classes)) == len(classes) > 1, "it has two classes or more, each with its own name")
    subject.require(labelling.signal in classes, "the signal is one of its classes", labelling.signal)
    _check_columns(subject, labelling.inputs.columns)


def _check_tags(subject: Subject, tags: tuple[str, ...]) -> None:
    bad = [tag for tag in tags if not TAG.fullmatch(tag)]
    subject.require(not bad, "tags are words of a to z, 0 to 9, - and _", ", ".join(map(repr, bad)))
    law = f"it has at most {MOST_TAGS} tags, each once"
    subject.require(len(set(tags)) == len(tags) <= MOST_TAGS, law, ", ".join(tags))


def _check_method(subject: Subject, method: Method) -> None:
    subject.require(bool(NAME.fullmatch(method.name)), "a method's name is lower case", method.name)
    subject.require(method.runtime in get_args(Runtime), "its runtime is one that workers have", method.runtime)
    subject.require(bool(method.inputs.columns), "it has inputs")
    subject.require(method.rank_by in method.outputs, "rank_by is one of the outputs", method.rank_by)
    rank = method.outputs[method.rank_by]
    subject.require(rank.dtype.startswith("float") and not rank.shape, "rank_by is a number with decimals", rank.dtype)
    for table in (method.inputs, method.cut_inputs, method.outputs):
        _check_columns(subject, table.columns)
        own = {*KEY_COLUMNS.names, *(ARRAYS if method.spectra else ())}
        clash = [name for name in table.names if name in own]
        subject.require(not clash, "no column has the name of one of a sample's own", ", ".join(clash))
    bound = [column.name for column in method.outputs.columns if not column.nullable]
    subject.require(not bound, "outputs may be null: a bad row has none", ", ".join(bound))
    clash = [name for name in method.outputs.names if name in OF_SCORES]
    subject.require(not clash, "no output has the name of one of the platform's own", ", ".join(clash))
    _check_latents(subject, method)
    _check_cuts(subject, method)
    _check_catalog(subject, method)
    _check_parameters(subject, method)


def _check_latents(subject: Subject, method: Method) -> None:
    if not method.latents:
        return
    subject.require(method.latents in method.outputs, "latents are one of the outputs", method.latents)
    column = method.outputs[method.latents]
    is_space = column.dtype == "float32" and FEWEST_LATENTS <= sum(column.shape) <= MOST_LATENTS
    law = f"latents are {FEWEST_LATENTS} to {MOST_LATENTS:,} numbers a row, float32"
    subject.require(is_space, law, f"{column.name} is {column.dtype} of shape {column.shape}")


def _check_cuts(subject: Subject, method: Method) -> None:
    for cuts in (method.cuts, method.candidate_cuts):
        names = [cut.name for cut in cuts]
        subject.require(len(set(names)) == len(names), "cuts have names of their own", ", ".join(names))
        bare = [cut.name or "(no name)" for cut in cuts if not (cut.name.strip() and cut.description.strip())]
        subject.require(not bare, "cuts have a name and a description", ", ".join(bare))
    has_class = PREDICTED_CLASS in method.outputs and method.outputs[PREDICTED_CLASS].dtype == "string"
    law = f"a method with candidate cuts has an output {PREDICTED_CLASS} of text"
    subject.require(has_class or not method.candidate_cuts, law, ", ".join(method.outputs.names))


def _check_catalog(subject: Subject, method: Method) -> None:
    """Columns that come from no output are left to the surveys: here nobody knows which there are."""
    columns = method.catalog.columns if method.catalog else ()
    _check_columns(subject, columns)
    clash = [column.name for column in columns if column.name in OF_CATALOGS]
    subject.require(not clash, "no column of its catalog has the name of one of the platform's own", ", ".join(clash))
    sources = {column.name: method.catalog_names.get(column.name, column.name) for column in columns}
    unknown = [name for name in method.catalog_names if name not in sources]
    subject.require(not unknown, "catalog_names are of the catalog's columns", ", ".join(unknown))
    ranked = method.rank_by in sources.values()
    subject.require(ranked or not columns, "its catalog shows what it ranks by", f"no column is of {method.rank_by}")
    for column in columns:
        _check_source(subject, column, method.outputs, sources[column.name])


def _check_source(subject: Subject, column: Column, outputs: Table, name: str) -> None:
    if name in outputs:
        source = outputs[name]
        is_same = (source.dtype, source.unit, source.shape) == (column.dtype, column.unit, column.shape)
        subject.require(is_same, "a catalog's column is of the type and unit of its output", f"{column.name} of {name}")


def _check_columns(subject: Subject, columns: tuple[Column, ...]) -> None:
    bare = [column.name for column in columns if not (column.description and column.ucd)]
    subject.require(not bare, "columns have a description and a UCD", ", ".join(bare))
    unitless = [c.name for c in columns if c.ucd.startswith(WITH_UNIT) and "arith.ratio" not in c.ucd and not c.unit]
    subject.require(not unitless, "magnitudes, fluxes, angles and distances have a unit", ", ".join(unitless))


def _check_parameters(subject: Subject, method: Method) -> None:
    is_grid = method.spectra is None or min(method.spectra.start, method.spectra.step, method.spectra.bins) > 0
    subject.require(is_grid, "its grid has wavelengths, steps and bins above 0", str(method.spectra))
    has_grid = bool(method.spectra) or not method.reconstructs
    subject.require(has_grid, "a method that reconstructs takes spectra", "it declares no grid")
    names = [parameter.name for parameter in method.parameters]
    subject.require(len(set(names)) == len(names), "parameters have names of their own", ", ".join(names))
    for parameter in method.parameters:
        subject.require(bool(parameter.description), "parameters have a description", parameter.name)
        try:
            parameter.parse(parameter.default)
        except PluginError as error:
            raise subject.broken("a parameter's default is an allowed value", str(error)) from None
