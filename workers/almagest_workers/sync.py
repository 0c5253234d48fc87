"""From plugins' declarations to rows."""

from almagest.contract.discovery import plugins
from almagest.registry.services import plugin_sync


def sync_plugins() -> None:
    """Make the rows of all installed plugins say what their declarations say."""
    for declaration in plugins().values():
        plugin_sync(declaration=declaration)
