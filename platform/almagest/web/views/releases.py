"""Data releases: a list, the page of one, and its files."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from almagest.accounts.selectors import may_see
from almagest.core.listings import parse_filters
from almagest.releases.downloads import count_download, link_release
from almagest.releases.errors import ReleaseError
from almagest.releases.listings import release_listing
from almagest.releases.models import Release
from almagest.releases.selectors import LATEST, file_get, release_get, release_list
from almagest.web.downloads import download
from almagest.web.releases import is_counted, release_address, release_context
from almagest.web.serving import is_first_part, send_file


def releases(request: HttpRequest) -> HttpResponse:
    """Releases that the reader may see, catalog by catalog."""
    if file := download(request, parse_filters(release_listing(user=request.user), request.GET)):
        return file
    found = release_list(user=request.user).order_by("catalog__title", "catalog_id", "-number")
    return render(request, "releases/list.html", {"releases": found})


def release(request: HttpRequest, catalog: str, label: str) -> HttpResponse:
    """One release: what it holds, how to fetch and to cite it, where it comes from. ``latest`` leads to the newest."""
    if label == LATEST:
        return _to_latest(request, "release", catalog)
    found, link = _opened(request, catalog, label)
    if request.headers.get("HX-Target") == "run" and (found.run is None or found.run.is_over):
        # What else stands on the page came with the end of the run.
        return HttpResponse(headers={"HX-Refresh": "true"})
    template = "releases/_run.html" if request.headers.get("HX-Target") == "run" else "releases/detail.html"
    return _kept_close(request, render(request, template, release_context(request, found, link=link)))


def release_file(request: HttpRequest, catalog: str, label: str, path: str) -> HttpResponseBase:
    """A file of a release, whole or in parts."""
    if label == LATEST:
        return _to_latest(request, "release-file", catalog, path)
    found, _ = _opened(request, catalog, label)
    entry = file_get(found, path)
    response = send_file(
        request, name=f"{found.folder}/{entry.path}", size=entry.bytes, sha256=entry.sha256, media_type=entry.media_type,
        modified=found.checked or found.created, filename=path.rpartition("/")[2],
        is_public="link" not in request.GET and may_see(None, found),
    )  # fmt: skip
    is_sent = response.status_code < 400 and response.status_code != 304
    if is_sent and is_counted(path) and is_first_part(request, entry.bytes):
        count_download(release=found, path=path)
    return _kept_close(request, response)


def _opened(request: HttpRequest, catalog: str, label: str) -> tuple[Release, str]:
    """The release, and the signed link that opens it to a reader who may not see it otherwise."""
    try:
        return release_get(user=request.user, catalog=catalog, label=label), ""
    except ReleaseError:
        if not (link := request.GET.get("link", "")):
            raise
    found = link_release(link)
    if (found.catalog.slug, found.label) != (catalog, label):
        raise ReleaseError("this link is another release's; open it at the address that came with it", absent=True)
    return found, link


def _to_latest(request: HttpRequest, name: str, catalog: str, *path: str) -> HttpResponse:
    """The same address with the newest version in it; ``CATALOG-latest`` in a file's name becomes that version too."""
    found = release_get(user=request.user, catalog=catalog, label=LATEST)
    stem = found.told.stem
    path = tuple(part.replace(f"{found.told.slug}-{LATEST}.", f"{stem}.", 1) for part in path)
    query = request.META.get("QUERY_STRING", "")
    address = release_address(found, name, *path) + f"?{query}" * bool(query)
    return HttpResponseRedirect(address, headers={"Cache-Control": "private, no-cache"})


def _kept_close(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """An address with a signed link in it is a secret: no cache keeps it for others, and no other site is told of it."""
    if "link" in request.GET:
        response.headers["Cache-Control"] = "private, no-store"
        # The forms of those who are logged in must say to this site where they stand.
        response.headers["Referrer-Policy"] = "same-origin" if request.user.is_authenticated else "no-referrer"
    return response
