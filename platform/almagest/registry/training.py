"""Training: what is asked for is checked before anything is written; a version and its chunk's end are one transaction."""

from pathlib import Path
from time import perf_counter

from django.db import transaction
from django.db.models import Max

from almagest.accounts.sharing import narrowest
from almagest.contract import Method as MethodDeclaration
from almagest.contract import Parameter, Report, Result
from almagest.contract import Plugin as PluginDeclaration
from almagest.contract.sample import Sample as SampleFolder
from almagest.core.files import store_folder
from almagest.registry.models import Comparison, Method, ModelVersion, Plugin
from almagest.registry.services import RegistryError, code_version
from almagest.runs.leases import Claim, claim_complete
from almagest.runs.models import Run
from almagest.runs.services import ChunkSpec, run_start
from almagest.samples.models import Sample

KIND = "train"


def training_start(*, method: Method, sample: Sample, parameters: dict, owner=None) -> Run:
    """Send a training to the workers of the method's runtime.

    Raises
    ------
    RegistryError
        When the sample is not frozen yet, or is another plugin's, or lacks inputs, or a parameter is unknown.
    PluginError
        When a parameter's value is not allowed.
    """
    sample_check(sample, method.plugin)
    inputs_check(sample, method)
    parameters_parse(method, parameters)
    asked = {"plugin": method.plugin.name, "method": method.name, "sample": sample.name}
    asked |= {"surveys": sample.definition["surveys"], "given": parameters}
    title = f"Train {method.plugin.name} {method.name} on {sample.name}"
    chunks = [training_chunk(method, sample, parameters)]
    return run_start(
        kind=KIND, title=title, chunks=chunks, parameters=asked, owner=owner, **narrowest(sample.sources())
    )


def sample_check(sample: Sample, plugin: Plugin) -> None:
    """See that the sample is frozen and is this plugin's, or raise `RegistryError`."""
    if not sample.checksum:
        raise RegistryError(f"sample {sample.name} is not frozen yet; wait for its run")
    if sample.plugin_name != plugin.name:
        raise RegistryError(f"sample {sample.name} was labelled by {sample.plugin_name}, not by {plugin.name}")


def inputs_check(sample: Sample, method: Method) -> None:
    """See that the sample was cut with all of the method's inputs, or raise `RegistryError`."""
    cut_for = method.plugin.methods.filter(name=sample.method_name).first()
    there = cut_for.input_table.names if cut_for else []
    if missing := [name for name in method.input_table.names if name not in there]:
        raise RegistryError(
            f"sample {sample.name} was cut for {sample.method_name} and has no {', '.join(missing)}; freeze one with "
            f"--method {method.name}"
        )


def parameters_parse(method: Method, given: dict) -> dict:
    """Complete the given values with the defaults, as the method's declaration would on a worker."""
    known = {
        p["name"]: Parameter(**{**p, "choices": tuple(p["choices"]), "search": tuple(p.get("search", ()))})
        for p in method.parameters
    }
    if unknown := sorted(set(given) - set(known)):
        raise RegistryError(f"{method} has no parameter {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
    return {name: parameter.parse(given.get(name, parameter.default)) for name, parameter in known.items()}


def training_chunk(method: Method, sample: Sample, given: dict, **more) -> ChunkSpec:
    """One training as a worker's work; `more` says which contender of which comparison it is."""
    payload = {"method_id": method.pk, "sample_id": sample.pk, "given": given, **more}
    return ChunkSpec(queue=method.runtime, payload=payload)


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
    parameters, began = method.parse_parameters(claim.payload["given"]), perf_counter()
    result = method.module().train(SampleFolder.open(sample_folder), parameters, out, report)
    made = {"seconds": perf_counter() - began} | _made(claim, plugin, sample, parameters, result)
    key, checksum = store_folder(out, "models")
    with transaction.atomic():
        version = _version_create(row, sample, made | {"folder": key, "weights_sha256": checksum})
        contender = claim.payload.get("contender")
        outcome = {contender: version.pk} if contender else {"model_version": version.pk, "number": version.number}
        claim_complete(claim, outcome=outcome)


def _made(claim: Claim, plugin: PluginDeclaration, sample: Sample, parameters: dict, result: Result) -> dict:
    """What a version is, but for its place among the others."""
    run, report = Run.objects.get(pk=claim.run_id), result.to_json()
    comparison = Comparison.objects.filter(pk=claim.payload.get("comparison_id")).first()
    return {
        "run": run,
        "owner": run.owner,
        "comparison": comparison,
        "contender": claim.payload.get("contender", ""),
        "is_variant": bool(comparison and comparison.study["is_ablation"]),
        "plugin_version": plugin.version,
        "code_version": code_version(plugin),
        "parameters": parameters | result.parameters,
        **{name: report[name] for name in ("metrics", "figures", "notes", "details")},
        # The run's as it is now, and no wider than the sample's, which may have been narrowed meanwhile.
        **narrowest([run, *sample.sources()]),
    }


def _version_create(row: Method, sample: Sample, made: dict) -> ModelVersion:
    Method.objects.select_for_update().get(pk=row.pk)  # numbers are given one at a time
    number = (row.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    seed = made["parameters"].get("seed", sample.definition["seed"])
    return ModelVersion.objects.create(method=row, number=number, sample=sample, seed=seed, outputs=row.outputs, **made)
