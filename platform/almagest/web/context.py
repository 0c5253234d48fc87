"""What every template knows."""

from importlib.metadata import version

from django.db.models import Exists, OuterRef

from almagest.sky.models import Ingest, Survey

VERSION = version("almagest")
SECTIONS = (
    ("Catalogs", "/catalogs/"),
    ("Releases", "/releases/"),
    ("Surveys", "/surveys/"),
    ("Methods", "/plugins/"),
    ("Runs", "/runs/"),
    ("API", "/api/v1/documentation/"),
    ("About", "/about/"),
)


def site(request) -> dict:
    """Navigation, version, and whether anything here is simulated."""
    loaded = Survey.objects.visible_to(getattr(request, "user", None)).filter(observed=False)
    return {
        "sections": [(name, url, request.path.startswith(url)) for name, url in SECTIONS],
        "site_version": VERSION,
        "has_simulated": loaded.filter(Exists(Ingest.objects.filter(survey=OuterRef("pk")))).exists(),
    }
