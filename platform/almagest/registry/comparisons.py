"""Comparisons: a plugin's study made on one sample, as one run with a training for each contender."""

from django.db import transaction

from almagest.accounts.sharing import narrowest
from almagest.contract import PluginError
from almagest.registry.models import Comparison, Method, Plugin
from almagest.registry.services import RegistryError
from almagest.registry.training import inputs_check, parameters_parse, sample_check, training_chunk
from almagest.runs.models import Run
from almagest.runs.services import run_start
from almagest.samples.models import Sample

KIND = "compare"


@transaction.atomic
def comparison_start(
    *, plugin: Plugin, study: str, sample: Sample, given: dict | None = None, owner=None
) -> Comparison:
    """Send all trainings of a study to the workers of their methods' runtimes.

    Parameters
    ----------
    given
        Parameters that take the place of a contender's own, in every contender whose method has such a parameter.

    Raises
    ------
    RegistryError
        When there is no such study, the sample is not frozen or another plugin's or lacks inputs, a parameter is unknown or not allowed,
        two contenders would be the same, or the comparison is being made already. Nothing is written then.
    """
    Plugin.objects.select_for_update().get(pk=plugin.pk)  # two clicks on one button are one comparison
    declared, given = study_get(plugin, study), given or {}
    sample_check(sample, plugin)
    _check_not_under_way(plugin, study, sample)
    trainings = _trainings(plugin, declared, given)
    for method, _ in trainings.values():
        inputs_check(sample, method)
    seen_by = narrowest(sample.sources())
    comparison = Comparison.objects.create(plugin=plugin, study=declared, sample=sample, owner=owner, **seen_by)
    chunks = [
        training_chunk(method, sample, values, comparison_id=comparison.pk, contender=name)
        for name, (method, values) in trainings.items()
    ]
    surveys = sample.definition["surveys"]
    asked = {"plugin": plugin.name, "study": study, "sample": sample.name, "surveys": surveys, "given": given}
    comparison.run = run_start(
        kind=KIND, title=str(comparison), chunks=chunks, parameters=asked, owner=owner, **seen_by
    )
    comparison.save(update_fields=["run"])
    return comparison


def study_get(plugin: Plugin, name: str) -> dict:
    """A study as the plugin declares it, or `RegistryError`."""
    for study in plugin.studies:
        if study["name"] == name:
            return study
    names = ", ".join(study["name"] for study in plugin.studies)
    raise RegistryError(f"plugin {plugin.name} has no study {name!r}; it has {names or 'none'}")


def _check_not_under_way(plugin: Plugin, study: str, sample: Sample) -> None:
    under_way = Comparison.objects.filter(
        plugin=plugin, study__name=study, sample=sample, run__state__in=[Run.State.QUEUED, Run.State.RUNNING]
    ).first()
    if under_way:
        raise RegistryError(f"run {under_way.run_id} is making {under_way} already; wait for it, or cancel it")


def _trainings(plugin: Plugin, study: dict, given: dict) -> dict[str, tuple[Method, dict]]:
    """Method and parameters of each contender, all checked."""
    methods = {method.name: method for method in plugin.methods.all()}
    found, seen, known = {}, {}, set()
    for contender in study["contenders"]:
        method = methods.get(contender["method"])
        if method is None:
            raise RegistryError(f"contender {contender['name']}: {plugin.name} has no method {contender['method']!r}")
        names = {parameter["name"] for parameter in method.parameters}
        values = contender["parameters"] | {name: value for name, value in given.items() if name in names}
        known |= names
        same = seen.setdefault(_identity(contender["name"], method, values), contender["name"])
        if same != contender["name"]:
            raise RegistryError(f"contenders {same} and {contender['name']} would be the same with these parameters")
        found[contender["name"]] = method, values
    if unknown := sorted(set(given) - known):
        raise RegistryError(f"no contender has a parameter {', '.join(unknown)}; there is {', '.join(sorted(known))}")
    return found


def _identity(contender: str, method: Method, values: dict) -> str:
    """The whole training in words, its parameters checked."""
    try:
        return f"{method} {sorted(parameters_parse(method, values).items())}"
    except (PluginError, RegistryError) as error:
        raise RegistryError(f"contender {contender}: {error}") from None
