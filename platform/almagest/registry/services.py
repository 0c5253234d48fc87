"""Writing down what plugins declare."""

import hashlib
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from django.db import transaction

from almagest.accounts.errors import NotAllowed
from almagest.accounts.selectors import may_change
from almagest.contract import AlmagestError, Cut
from almagest.contract import Method as MethodDeclaration
from almagest.contract import Plugin as PluginDeclaration
from almagest.registry.models import Method, ModelVersion, Plugin


class RegistryError(AlmagestError):
    """A plugin, method or model version is not there, or cannot be used so."""


def code_version(plugin: PluginDeclaration) -> str:
    """The plugin's version with a checksum over its package's Python files: what really ran."""
    package = Path(find_spec(plugin.labelling.implementation.split(":")[0].split(".")[0]).origin).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{plugin.version}+{digest.hexdigest()[:12]}"


@transaction.atomic
def plugin_sync(*, declaration: PluginDeclaration) -> Plugin:
    """Make the plugin's rows say what its declaration says."""
    plugin, _ = Plugin.objects.update_or_create(
        name=declaration.name,
        defaults={
            "title": declaration.title,
            "version": declaration.version,
            "code_version": code_version(declaration),
            "summary": declaration.summary,
            "paper": asdict(declaration.paper),
            "readme": declaration.readme.read_text(encoding="utf-8"),
            "classes": list(declaration.labelling.classes),
            "signal": declaration.labelling.signal,
            "label_inputs": declaration.labelling.inputs.to_json(),
            "studies": [asdict(study) for study in declaration.studies],
            "landmarks": [asdict(landmark) for landmark in declaration.landmarks],
            "tags": list(declaration.tags),
        },
    )
    for method in declaration.methods:
        Method.objects.update_or_create(plugin=plugin, name=method.name, defaults=_method_values(method))
    return plugin


@transaction.atomic
def version_promote(*, user, version: ModelVersion) -> None:
    """Make a version its method's production version, which catalogs follow when they are rescored.

    `user` None is whoever runs commands here.

    Raises
    ------
    NotAllowed
        When the user is not of the staff, and not the owner of this version and of the one before it.
    RegistryError
        When the version is a variant of an ablation.
    """
    locked = Method.objects.select_for_update(of=("self",)).select_related("plugin", "production")
    version.method = locked.get(pk=version.method_id)
    if user is not None and not may_promote(user, version):
        raise NotAllowed(
            f"only the staff, and who owns both it and the one before, make {version} the production version"
        )
    if version.is_variant:
        raise RegistryError(f"{version} is a variant of an ablation, made to be compared; train one for production")
    version.method.production = version
    version.method.save(update_fields=["production"])


def may_promote(user, version: ModelVersion) -> bool:
    """Whether catalogs would follow the version at the user's word: it and the one before it are theirs, or they are staff."""
    return all(may_change(user, each) for each in (version, version.method.production) if each)


def _method_values(method: MethodDeclaration) -> dict:
    return {
        "title": method.title,
        "description": method.description,
        "runtime": method.runtime,
        "inputs": method.inputs.to_json(),
        "cut_inputs": method.cut_inputs.to_json(),
        "outputs": method.outputs.to_json(),
        "spectra": asdict(method.spectra) if method.spectra else None,
        "reconstructs": method.reconstructs,
        "latents": method.latents,
        "cuts": [_said(cut) for cut in method.cuts],
        "candidate_cuts": [_said(cut) for cut in method.candidate_cuts],
        "catalog": method.catalog and method.catalog.to_json(),
        "catalog_names": dict(method.catalog_names),
        "parameters": [asdict(parameter) for parameter in method.parameters],
        "rank_by": method.rank_by,
    }


def _said(cut: Cut) -> dict:
    return {"name": cut.name, "description": cut.description}
