"""Finding plugins: built-in ones enter by the same door as foreign ones."""

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from almagest.contract.errors import PluginError
from almagest.contract.plugin import Plugin

GROUP = "almagest.plugins"
BUILT_IN = ("dwarf_galaxies.plugin:plugin", "spectral_outliers.plugin:plugin")


@cache
def plugins() -> dict[str, Plugin]:
    """All plugins by name: the built-in ones, then those installed under the entry-point group `almagest.plugins`.

    Raises
    ------
    PluginError
        When an entry point is no plugin, or two have one name.
    """
    found: dict[str, Plugin] = {}
    for source, plugin in [*_built_in(), *((f"{e.name} ({e.value})", e.load()) for e in entry_points(group=GROUP))]:
        if not isinstance(plugin, Plugin):
            raise PluginError(f"entry point {source} gives a {type(plugin).__name__}, not a Plugin")
        if plugin.name in found:
            raise PluginError(f"two plugins are named {plugin.name!r}; the second comes from {source}")
        found[plugin.name] = plugin
    return found


def _built_in() -> list[tuple[str, Plugin]]:
    split = [(source, *source.split(":")) for source in BUILT_IN]
    return [(source, getattr(import_module(module), name)) for source, module, name in split]


def find_method(plugin_name: str, method_name: str):
    """The plugin's method, or `PluginError` saying what there is."""
    if plugin_name not in plugins():
        raise PluginError(f"no plugin {plugin_name!r} is installed here; there is {', '.join(plugins()) or 'none'}")
    return plugins()[plugin_name].method(method_name)
