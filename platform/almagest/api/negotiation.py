"""In which format to answer: as ``?format=`` says, else as the Accept header does."""

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer

from almagest.formats import FORMATS, Format, FormatError


def _renderer(form: Format) -> type[BaseRenderer]:
    """A format as the framework and its schema know one; files themselves are streamed by `core.listings.responses`."""
    kind = form.media_type.partition(";")[0]
    return type(f"{form.name.title()}Renderer", (BaseRenderer,), {"media_type": kind, "format": form.name})


JSON = (JSONRenderer,)
TABLES = (JSONRenderer, *(_renderer(form) for name, form in FORMATS.items() if name != "json"))


class ByFormat(DefaultContentNegotiation):
    """Chooses among a route's formats; where a reader accepts none of them, it is told which there are."""

    def select_renderer(self, request, renderers, format_suffix=None):
        """The renderer and its media type."""
        if name := request.query_params.get("format", ""):
            return self._named(name, renderers)
        kinds = {renderer.media_type: renderer for renderer in renderers}
        for renderer in renderers:
            if renderer.format in FORMATS:
                kinds |= dict.fromkeys(FORMATS[renderer.format].also, renderer)
        chosen = (
            request._request.get_preferred_type(list(kinds))
            if request.headers.get("Accept")
            else renderers[0].media_type
        )
        if chosen is None:
            raise NotAcceptable(
                f"this is given as {', '.join(r.media_type for r in renderers)}, none of which Accept allows"
            )
        return kinds[chosen], kinds[chosen].media_type

    def _named(self, name: str, renderers):
        for renderer in renderers:
            if renderer.format == name:
                return renderer, renderer.media_type
        raise FormatError(f"format={name!r} is not offered here; choose {', '.join(r.format for r in renderers)}")
