"""What of the settings is wrong shows when a command starts, and not when the first reader comes."""

from django.conf import settings
from django.core.checks import Error
from django.core.files.storage import default_storage

PLACES = (
    '"" (this process sends files), "redirect" (the object store does) or an address such as "/protected/" (nginx does)'
)


def check_send_files(app_configs, **options) -> list[Error]:
    """Whether `SEND_FILES` says something, and something that the file store can do."""
    how = settings.SEND_FILES
    if how == "redirect":
        return [] if _has_addresses() else [_error("E002", "redirect", "the file store is a folder without an address")]
    is_prefix = len(how) > 2 and how.startswith("/") and how.endswith("/") and not how.startswith("//")
    return [] if not how or is_prefix else [_error("E001", how, "that is no way to send files")]


def _has_addresses() -> bool:
    # A folder that was given no base_url takes MEDIA_URL, which without being set is this site's own home page.
    return getattr(default_storage, "base_url", "elsewhere") not in (None, "", "/")


def _error(number: str, how: str, what: str) -> Error:
    return Error(
        f"SEND_FILES is {how!r}: {what}",
        hint=f"Set ALMAGEST_SEND_FILES to {PLACES}; or give STORAGES an object store, or its folder a base_url.",
        id=f"almagest.web.{number}",
    )
