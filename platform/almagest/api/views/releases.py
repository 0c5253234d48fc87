"""Data releases: making them, what they hold, and what becomes of them."""

from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers

from almagest.accounts.tokens import Scope
from almagest.api.describing import run_told
from almagest.api.documented import does, lists, tells
from almagest.api.queries.releases import NewLink, NewRelease, Retraction
from almagest.api.releases import FILES, ReleaseWords, files_told, release_told
from almagest.api.views.base import ApiView, ListingView
from almagest.api.views.runs import RunWords
from almagest.catalogs.selectors import edition_get
from almagest.core.listings import from_rows
from almagest.releases.downloads import link_sign
from almagest.releases.listings import RELEASES, release_listing
from almagest.releases.models import Release as ReleaseModel
from almagest.releases.selectors import release_get
from almagest.releases.services import (
    release_build_start,
    release_discard,
    release_publish,
    release_retract,
    release_start,
)


class ReleaseRunWords(RunWords):
    """The run that makes a release."""

    release = serializers.URLField(help_text="Where the release is.")


class LinkWords(serializers.Serializer):
    """A link to give away."""

    url = serializers.URLField(
        help_text="Opens the release for whoever has it; its `link` opens the addresses of the files too."
    )
    expires = serializers.DateTimeField()


@lists("releases", "Data releases, newest first", RELEASES)
class Releases(ListingView):
    """Releases of all catalogs; `catalog_slug` chooses one's."""

    def listing(self):
        """Those that the reader may see."""
        return release_listing(user=self.reader)


class ReleaseStart(ApiView):
    """Making a catalog's next release."""

    @does("release_catalog", "Make a data release of a catalog: a draft, until it is published", NewRelease,
          ReleaseRunWords, status=202)  # fmt: skip
    def post(self, request, catalog):
        """Freeze what a revision of the catalog holds, the current one without a number, as `manage.py release` does.

        Follow the run, then publish what it has made.
        """
        body = self.checked(NewRelease, request.data)
        body["columns"] = ",".join(body["columns"])
        edition = edition_get(user=request.user, slug=catalog, revision=body.pop("revision"))
        return _followed(request, release_start(edition=edition, owner=request.user, **body))


class OfRelease(ApiView):
    """Routes of one release: its catalog and its version, `v1`, or `latest` for the newest that is published."""

    def release(self, user) -> ReleaseModel:
        """The release in the address."""
        return release_get(user=user, catalog=self.kwargs["catalog"], label=self.kwargs["version"])

    def told(self, release: ReleaseModel, user) -> JsonResponse:
        """All of it, as an answer."""
        return JsonResponse(release_told(release, self.request, user=user))


class Release(OfRelease):
    """One release."""

    @tells("release", "One data release: what it holds, where it is from, its files, how it is cited", ReleaseWords)
    def get(self, request, **path):
        """Tell of it; the version `latest` is the newest that is published."""
        return self.told(self.release(self.reader), self.reader)


@lists("release_files", "A data release's files, with size, SHA-256 and address", FILES, absent=True)
class ReleaseFiles(OfRelease, ListingView):
    """The files of a release."""

    def listing(self):
        """Those of the release in the address."""
        release = self.release(self.reader)
        name = f"{release.catalog.slug}-{release.label}-files"
        return from_rows(FILES, files_told(release, self.request), name=name)


class ReleaseBuild(OfRelease):
    """Trying again."""

    @does("release_build", "Build a draft again after its run has failed", None, ReleaseRunWords, status=202)
    def post(self, request, **path):
        """Start another run for it, also where its run was cancelled; what is said of it stays as it is."""
        return _followed(request, release_build_start(user=request.user, release=self.release(request.user)))


class Changing(OfRelease):
    """Routes that change what people see."""

    scope = Scope.MANAGE


class ReleasePublish(Changing):
    """Showing it."""

    @does("release_publish", "Publish a checked data release", None, ReleaseWords)
    def post(self, request, **path):
        """Show it to everybody who may see it. From then on it stays, and can only be retracted."""
        return self.told(release_publish(user=request.user, release=self.release(request.user)), request.user)


class ReleaseRetract(Changing):
    """Warning of it."""

    @does("release_retract", "Retract a published data release", Retraction, ReleaseWords)
    def post(self, request, **path):
        """Mark it as one not to be used, and say why; its page and its files stay."""
        reason = self.checked(Retraction, request.data)["reason"]
        release = release_retract(user=request.user, release=self.release(request.user), reason=reason)
        return self.told(release, request.user)


class ReleaseDiscard(Changing):
    """Taking it away."""

    @does("release_discard", "Discard a data release that was never published", None, None, status=204)
    def post(self, request, **path):
        """Take away a draft whose run is over; its files are deleted."""
        release_discard(user=request.user, release=self.release(request.user))
        return HttpResponse(status=204)


class ReleaseLinks(Changing):
    """Links for people without an account."""

    @does("release_link", "A link that opens a data release's files for a while", NewLink, LinkWords)
    def post(self, request, **path):
        """Sign one. It ends sooner when you may not see the release any more; it opens drafts too, for referees."""
        hours = self.checked(NewLink, request.data)["hours"]
        release = self.release(request.user)
        expires = (timezone.now() + timedelta(hours=hours)).replace(microsecond=0)
        link = urlencode({"link": link_sign(user=request.user, release=release, hours=hours)})
        page = reverse("release", args=[release.catalog.slug, release.label])
        return JsonResponse({"url": request.build_absolute_uri(f"{page}?{link}"), "expires": expires})


def _followed(request, release: ReleaseModel) -> JsonResponse:
    """The run of a release, and where to follow it."""
    here = reverse("api:release", args=[release.catalog.slug, release.label])
    answer = JsonResponse(run_told(release.run) | {"release": request.build_absolute_uri(here)}, status=202)
    answer.headers["Location"] = reverse("api:run", args=[release.run_id])
    return answer
