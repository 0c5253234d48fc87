"""What a plugin declares. A `plugin.py` is light to import: science code is named, and imported only on a worker."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from almagest.contract.columns import Table
from almagest.contract.errors import PluginError
from almagest.contract.spectra import SpectralGrid

Runtime = Literal["classical", "torch", "keras"]


@dataclass(frozen=True)
class Paper:
    """The publication whose method a plugin carries."""

    authors: str
    title: str
    year: int
    reference: str = ""
    url: str = ""


@dataclass(frozen=True)
class Parameter:
    """One number or word that a person may set before training.

    `search` holds the values among which a random search draws; empty where a search leaves the parameter alone.
    """

    name: str
    default: int | float | str | bool
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    search: tuple[int | float | str | bool, ...] = ()

    def parse(self, value: Any) -> int | float | str | bool:
        """Read a value given as text or number, or raise `PluginError`."""
        kind = type(self.default)
        try:
            parsed = str(value).lower() in ("1", "true", "yes", "on") if kind is bool else kind(value)
        except (TypeError, ValueError):
            raise PluginError(f"parameter {self.name}: {value!r} is not of type {kind.__name__}") from None
        if self.choices and parsed not in self.choices:
            raise PluginError(f"parameter {self.name}: {parsed!r} is not one of {', '.join(self.choices)}")
        low, high = self.minimum, self.maximum
        if (low is not None and not parsed >= low) or (high is not None and not parsed <= high):
            raise PluginError(f"parameter {self.name}: {parsed} is outside {low} to {high}")
        return parsed


@dataclass(frozen=True)
class Cut:
    """A named condition on rows; rows that fail are left out and counted.

    `keeps` takes a `pa.Table` with the method's inputs and cut inputs, and as a candidate cut its outputs too, and gives a
    boolean array, null counting as false. A cut `of_spectra` sees flux and ivar too; such cuts come after all others.
    """

    name: str
    description: str
    keeps: Callable[[pa.Table], pa.Array]
    of_spectra: bool = False


@dataclass(frozen=True)
class Labelling:
    """How a plugin names the true class of an object.

    Parameters
    ----------
    classes
        All class names, in the order of the confusion matrix.
    signal
        The class that the search is for.
    inputs
        What the labels are derived from. Each value is taken from the object's own survey, or else from its
        counterparts; columns that no survey gives are null.
    implementation
        ``module:function`` taking a `pa.Table` of the inputs, `inputs` of the method and a column ``survey``, and giving
        a `pa.Table` with ``label`` (null: in no class) and ``reason`` (why not; null where there is a label).
    """

    classes: tuple[str, ...]
    signal: str
    inputs: Table
    implementation: str

    def function(self) -> Callable[[pa.Table], pa.Table]:
        """Import the labelling function."""
        return _imported(self.implementation)


@dataclass(frozen=True)
class Method:
    """One trainable model of a plugin.

    Parameters
    ----------
    runtime
        Which worker runs it.
    implementation
        Module with ``train(sample, parameters, out, report) -> Result``, ``load(folder) -> model`` and
        ``score(model, batch) -> pa.Table``, the rows of the table in the order of the batch's.
    inputs
        Columns that a survey must declare to be trained on or scored; their values may be null.
    cut_inputs
        Columns that the cuts look at where the survey has them; null elsewhere.
    outputs
        Columns of a prediction.
    rank_by
        The output by which candidates are ranked, between 0 and 1.
    cuts
        Conditions on the rows to be learned from and scored, in order.
    spectra
        The grid on which the method takes spectra: samples and batches then have them as `spectra.FLUX` and `spectra.IVAR`, and only
        objects with a spectrum are trained on and scored.
    reconstructs
        Whether the module also has ``reconstruct(model, batch)``, giving the flux that the model expects of each row on the grid of
        `spectra`, shape (rows, bins), float32, in the unit of the row's flux; NaN where it can say nothing.
    latents
        Name of the output that says where a row lies in the method's latent space: float32, shape (k,), finite, or null where the
        row lies nowhere. What is near by Euclid's distance is alike; empty: the method has no such space.
    candidate_cuts
        Further conditions on objects that the model calls the signal (`predicted_class`). A catalog of a method that has
        some holds only objects that are called so and pass.
    catalog
        Columns of a published catalog beside ``ra`` and ``dec``; without it a catalog shows the outputs and the inputs.
        Each is an output or a column of the survey, of the same name unless `catalog_names` has another for it.
    """

    name: str
    title: str
    description: str
    runtime: Runtime
    implementation: str
    inputs: Table
    outputs: Table
    rank_by: str
    cut_inputs: Table = field(default_factory=lambda: Table("cut_inputs", "", ()))
    cuts: tuple[Cut, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    spectra: SpectralGrid | None = None
    reconstructs: bool = False
    latents: str = ""
    candidate_cuts: tuple[Cut, ...] = ()
    catalog: Table | None = None
    catalog_names: Mapping[str, str] = field(default_factory=dict)

    def module(self):
        """Import the implementation: on a worker of the right runtime only."""
        return import_module(self.implementation)

    def parse_parameters(self, given: dict[str, Any]) -> dict[str, Any]:
        """Complete the given values with the defaults; raise `PluginError` for unknown names and bad values."""
        known = {parameter.name: parameter for parameter in self.parameters}
        if unknown := sorted(set(given) - set(known)):
            raise PluginError(f"{self.name} has no parameter {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
        return {name: parameter.parse(given.get(name, parameter.default)) for name, parameter in known.items()}


@dataclass(frozen=True)
class Contender:
    """One training of a study: a method of the plugin with the parameters that differ from its defaults."""

    name: str
    method: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Study:
    """Trainings on one sample whose scores stand side by side in one table, made as one run.

    `is_ablation`: the contenders are one method in variants, kept for the table and not for scoring; else each contender
    becomes its method's newest version.
    """

    name: str
    title: str
    description: str
    contenders: tuple[Contender, ...]
    is_ablation: bool = False


@dataclass(frozen=True)
class Landmark:
    """A place on the sky that maps of the plugin's candidates mark.

    `radius_deg` is the circle that is drawn; `note` says what it is, with its source.
    """

    name: str
    ra: float
    dec: float
    radius_deg: float
    note: str


@dataclass(frozen=True)
class Plugin:
    """A published method as the platform sees it."""

    name: str
    title: str
    version: str
    summary: str
    paper: Paper
    readme: Path
    labelling: Labelling
    methods: tuple[Method, ...]
    # ``module:function(size, seed)`` giving a `pa.Table` of simulated objects: ``survey``, ``source_id``, ``label``, and
    # every method's inputs and cut inputs. The law suite trains on it.
    simulation: str
    studies: tuple[Study, ...] = ()
    landmarks: tuple[Landmark, ...] = ()
    # ``module:function(rows)`` giving `Scatter`s of what a verification has confirmed; empty: none. `rows` is a `pa.Table`
    # of all scored objects with a label: ``survey``, ``source_id``, ``label`` (by the catalog), ``predicted_class``,
    # ``score``, the labelling's and the method's inputs as the labelling saw them, and the method's cut inputs: the scored
    # object's where its survey declares them, else the catalog's.
    relations: str = ""
    # Words that people tag candidates with, such as ``merger``: what a new catalog offers beside its choices.
    tags: tuple[str, ...] = ()

    def method(self, name: str) -> Method:
        """The method of that name, or `PluginError`."""
        for method in self.methods:
            if method.name == name:
                return method
        raise PluginError(
            f"plugin {self.name} has no method {name!r}; it has {', '.join(m.name for m in self.methods)}"
        )

    def simulate(self) -> Callable:
        """Import the simulation."""
        return _imported(self.simulation)

    def relate(self) -> Callable | None:
        """Import the function that draws relations of confirmed objects; None where there is none."""
        return _imported(self.relations) if self.relations else None


def _imported(dotted: str) -> Callable:
    module, _, function = dotted.partition(":")
    return getattr(import_module(module), function)
