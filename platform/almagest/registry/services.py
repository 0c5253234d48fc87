"""Writing down plugins, and training."""

import hashlib
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from django.db import transaction
from django.db.models import Max

from almagest.contract import AlmagestError, Parameter, Report, Result
from almagest.contract import Method as MethodDeclaration
from almagest.contract import Plugin as PluginDeclaration
from almagest.contract.sample import Sample as SampleFolder
from almagest.core.files import store_folder
from almagest.registry.models import Method, ModelVersion, Plugin
from almagest.runs.leases import Claim, claim_complete
from almagest.runs.models import Run
from almagest.runs.services import ChunkSpec, run_start
from almagest.samples.models import Sample

KIND = "train"


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
        },
    )
    for method in declaration.methods:
        Method.objects.update_or_create(plugin=plugin, name=method.name, defaults=_method_values(method))
    return plugin


def _method_values(method: MethodDeclaration) -> dict:
    return {
        "title": method.title,
        "description": method.description,
        "runtime": method.runtime,
        "inputs": method.inputs.to_json(),
        "cut_inputs": method.cut_inputs.to_json(),
        "outputs": method.outputs.to_json(),
        "cuts": [{"name": cut.name, "description": cut.description} for cut in method.cuts],
        "parameters": [asdict(parameter) for parameter in method.parameters],
        "rank_by": method.rank_by,
    }


def training_start(*, method: Method, sample: Sample, parameters: dict, owner=None) -> Run:
    """Send a training to the workers of the method's runtime.

    Raises
    ------
    RegistryError
        When the sample is not frozen yet, or is another plugin's, or a parameter is unknown.
    PluginError
        When a parameter's value is not allowed.
    """
    if not sample.checksum:
        raise RegistryError(f"sample {sample.name} is not frozen yet; wait for its run")
    if sample.plugin_name != method.plugin.name:
        raise RegistryError(f"sample {sample.name} was labelled by {sample.plugin_name}, not by {method.plugin.name}")
    _check_parameters(method, parameters)
    asked = {"plugin": method.plugin.name, "method": method.name, "sample": sample.name, "given": parameters}
    chunk = ChunkSpec(queue=method.runtime, payload={"method_id": method.pk, "sample_id": sample.pk})
    title = f"Train {method.plugin.name} {method.name} on {sample.name}"
    return run_start(kind=KIND, title=title, chunks=[chunk], parameters=asked, owner=owner)


def _check_parameters(method: Method, given: dict) -> None:
    known = {
        p["name"]: Parameter(**{**p, "choices": tuple(p["choices"]), "search": tuple(p.get("search", ()))})
        for p in method.parameters
    }
    if unknown := sorted(set(given) - set(known)):
        raise RegistryError(f"{method} has no parameter {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
    for name, value in given.items():
        known[name].parse(value)


def version_train(
    *,
    claim: Claim,
    row: Method,
    sample: Sample,
    method: MethodDeclaration,
    plugin: PluginDeclaration,
    sample_folder: Path,
    out: Path,
    report: Report,
) -> None:
    """Train, keep the model's files, and write its version down, all at once."""
    parameters = method.parse_parameters(claim.parameters["given"])
    result = method.module().train(SampleFolder.open(sample_folder), parameters, out, report)
    key, checksum = store_folder(out, "models")
    with transaction.atomic():
        version = _version_create(claim, row, sample, plugin, parameters, result, key, checksum)
        claim_complete(claim, outcome={"model_version": version.pk, "number": version.number})


def _version_create(
    claim: Claim,
    row: Method,
    sample: Sample,
    plugin: PluginDeclaration,
    parameters: dict,
    result: Result,
    key: str,
    checksum: str,
) -> ModelVersion:
    Method.objects.select_for_update().get(pk=row.pk)  # numbers are given one at a time
    number = (row.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    run = Run.objects.get(pk=claim.run_id)
    report = result.to_json()
    return ModelVersion.objects.create(
        method=row,
        number=number,
        sample=sample,
        run=run,
        owner=run.owner,
        visibility=run.visibility,
        outputs=row.outputs,
        plugin_version=plugin.version,
        code_version=code_version(plugin),
        parameters=parameters,
        seed=parameters.get("seed", sample.definition["seed"]),
        weights_sha256=checksum,
        folder=key,
        **{key: report[key] for key in ("metrics", "figures", "notes", "details")},
    )
