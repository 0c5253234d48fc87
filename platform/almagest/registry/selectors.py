"""Reading plugins, methods and model versions."""

from django.db.models import QuerySet

from almagest.registry.models import Method, ModelVersion, Plugin
from almagest.registry.services import RegistryError


def plugin_list() -> QuerySet[Plugin]:
    """All plugins with their methods."""
    return Plugin.objects.prefetch_related("methods")


def plugin_get(*, name: str) -> Plugin:
    """One plugin, or `RegistryError`."""
    plugin = plugin_list().filter(name=name).first()
    if plugin is None:
        names = ", ".join(Plugin.objects.values_list("name", flat=True))
        raise RegistryError(
            f"there is no plugin {name!r}; there is {names or 'none yet: start a worker, it writes them'}"
        )
    return plugin


def method_get(*, plugin: str, name: str) -> Method:
    """One method, or `RegistryError`."""
    methods = plugin_get(name=plugin).methods.all()
    for method in methods:
        if method.name == name:
            return method
    raise RegistryError(f"plugin {plugin} has no method {name!r}; it has {', '.join(m.name for m in methods)}")


def version_list(*, user) -> QuerySet[ModelVersion]:
    """Model versions that the user may see, newest first; figures, the largest part of a row, when they are asked for."""
    versions = ModelVersion.objects.visible_to(user).select_related("method__plugin", "sample", "run")
    return versions.defer("figures")


def version_get(*, user, plugin: str, method: str, number: int | None = None) -> ModelVersion:
    """A version by its number, or the newest; `RegistryError` when there is none."""
    versions = version_list(user=user).defer(None).filter(method__plugin__name=plugin, method__name=method)
    version = versions.filter(number=number).first() if number else versions.first()
    if version is None:
        which = f"version {number}" if number else "version"
        raise RegistryError(f"{plugin}/{method} has no {which}; train one with `manage.py train {plugin} {method}`")
    return version
