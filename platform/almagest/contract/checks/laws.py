"""How a broken law is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from almagest.contract.errors import Cancelled, PluginError
from almagest.contract.plugin import Method, Plugin


@dataclass(frozen=True)
class Subject:
    """Whom a law is held against: a plugin, or one of its methods."""

    plugin: Plugin
    method: Method | None = None

    def broken(self, law: str, detail: str = "") -> PluginError:
        """The error that names plugin, method and law, and says what was found."""
        method = f", method {self.method.name}" if self.method else ""
        return PluginError(f"plugin {self.plugin.name}{method}: {law}{f': {detail}' if detail else ''}")

    def require(self, holds: bool, law: str, detail: str = "") -> None:
        """Raise `PluginError` unless the law holds."""
        if not holds:
            raise self.broken(law, detail)

    @contextmanager
    def trying(self, law: str) -> Iterator[None]:
        """Run the plugin's code: any error of it breaks the law."""
        try:
            yield
        except Cancelled:
            raise
        except Exception as error:
            raise self.broken(law, f"it raised {type(error).__name__}: {error}") from error
