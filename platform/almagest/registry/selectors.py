"""Reading plugins, methods and model versions."""

from django.db.models import Exists, OuterRef, QuerySet

from almagest.registry.models import Comparison, Method, ModelVersion, Plugin
from almagest.registry.services import RegistryError
from almagest.samples.models import Sample
from almagest.sky.models import Survey


def plugin_list() -> QuerySet[Plugin]:
    """All plugins with their methods."""
    return Plugin.objects.prefetch_related("methods")


def plugin_get(*, name: str) -> Plugin:
    """One plugin, or `RegistryError`."""
    plugin = plugin_list().filter(name=name).first()
    if plugin is None:
        names = ", ".join(Plugin.objects.values_list("name", flat=True))
        raise RegistryError(
            f"there is no plugin {name!r}; there is {names or 'none yet: start a worker, it writes them'}", absent=True
        )
    return plugin


def method_get(*, plugin: str, name: str) -> Method:
    """One method, or `RegistryError`."""
    methods = plugin_get(name=plugin).methods.all()
    for method in methods:
        if method.name == name:
            return method
    names = ", ".join(m.name for m in methods)
    raise RegistryError(f"plugin {plugin} has no method {name!r}; it has {names}", absent=True)


def version_list(*, user) -> QuerySet[ModelVersion]:
    """Model versions that the user may see, newest first; figures, the largest part of a row, when they are asked for."""
    versions = ModelVersion.objects.visible_to(user).select_related("method__plugin", "sample", "run")
    return versions.defer("figures")


def version_links(versions: QuerySet[ModelVersion], *, user) -> QuerySet[ModelVersion]:
    """The same versions with `sample_is_seen` and `comparison_is_seen`: whether the user may see those too."""
    return versions.annotate(
        sample_is_seen=Exists(Sample.objects.visible_to(user).filter(pk=OuterRef("sample"))),
        comparison_is_seen=Exists(Comparison.objects.visible_to(user).filter(pk=OuterRef("comparison"))),
    )


def version_measures(*, user, version: ModelVersion) -> tuple[list[dict], list[dict]]:
    """A version's metrics and figures, less those of a survey that the user may not see; the pooled ones stay."""
    hidden = set(Survey.objects.hidden_slugs(user))
    metrics = [metric for metric in version.metrics if metric["group"] not in hidden]
    return metrics, [figure for figure in version.figures if not hidden & _surveys(figure)]


def _surveys(figure: dict) -> set[str]:
    """A scatter plot names each point's survey, a histogram may count each apart; a confusion matrix is called as its survey is."""
    return {figure["title"], *figure.get("survey", ()), *figure.get("series", ())}


def version_get(*, user, plugin: str, method: str, number: int | None = None) -> ModelVersion:
    """A version by its number, or the newest that is no variant of an ablation; `RegistryError` when there is none."""
    versions = version_list(user=user).defer(None).filter(method__plugin__name=plugin, method__name=method)
    version = versions.filter(number=number).first() if number else versions.filter(is_variant=False).first()
    if version is None:
        which = f"version {number}" if number else "version"
        train = f"train one with `manage.py train {plugin} {method}`"
        raise RegistryError(f"{plugin}/{method} has no {which}; {train}", absent=True)
    return version


def comparison_list(*, user) -> QuerySet[Comparison]:
    """Comparisons that the user may see, newest first."""
    return Comparison.objects.visible_to(user).select_related("plugin", "sample", "run")


def comparison_get(*, user, pk: int) -> Comparison:
    """One comparison, or `RegistryError`."""
    comparison = comparison_list(user=user).filter(pk=pk).first()
    if comparison is None:
        raise RegistryError(f"there is no comparison {pk}", absent=True)
    return comparison


def study_list(*, user, plugin: Plugin) -> list[dict]:
    """A plugin's studies, each with its comparisons; those that it once declared come last, as they were declared then."""
    made = list(comparison_list(user=user).filter(plugin=plugin))
    studies = {study["name"]: study | {"is_declared": True} for study in plugin.studies}
    for comparison in made:
        studies.setdefault(comparison.study["name"], comparison.study | {"is_declared": False})
    return [
        study | {"comparisons": [comparison for comparison in made if comparison.study["name"] == name]}
        for name, study in studies.items()
    ]
