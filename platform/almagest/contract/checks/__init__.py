"""The laws that every plugin keeps. `check_plugin` tries each on a small simulated sample and names the one that is broken."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from almagest.contract.checks.declaration import check_declaration
from almagest.contract.checks.labelling import check_labelling
from almagest.contract.checks.reconstruction import check_reconstruction
from almagest.contract.checks.scoring import check_scoring
from almagest.contract.checks.simulation import simulated_rows
from almagest.contract.checks.training import Trial, check_training
from almagest.contract.plugin import Plugin

__all__ = ["check_plugin"]


def check_plugin(
    plugin: Plugin,
    folder: Path,
    *,
    methods: Iterable[str] | None = None,
    settings: dict[str, Any] | None = None,
    size: int | None = None,
) -> None:
    """Hold a plugin to the contract, with neither Django nor a database.

    Parameters
    ----------
    folder
        Where samples and models of the check are written: one folder a method, which must not be there yet.
    methods
        Names; all methods without it. A method can be checked where its runtime is installed.
    settings
        Parameters that keep the trainings short, e.g. ``{"epochs": 2}``; those that a method lacks are left out.
    size
        Objects to simulate: 400, or 160 spectra, without it.

    Raises
    ------
    PluginError
        Naming the plugin, the method and the broken law.
    """
    check_declaration(plugin)
    rows = simulated_rows(plugin, size)
    check_labelling(plugin, rows)
    for method in plugin.methods if methods is None else [plugin.method(name) for name in methods]:
        trial = Trial.prepare(plugin, method, rows, folder / method.name, settings or {})
        model = check_training(trial)
        check_scoring(trial, model)
        check_reconstruction(trial, model)
