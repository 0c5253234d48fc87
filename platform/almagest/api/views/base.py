"""What all routes share: who asks, how often, and that nothing that was asked is passed over in silence."""

from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from almagest.accounts.tokens import Scope
from almagest.api.answers import listing_answer
from almagest.api.authentication import BySession, ByToken, MayWrite, reader
from almagest.api.negotiation import JSON, TABLES, ByFormat
from almagest.api.parsing import StrictJson
from almagest.api.queries.listings import FilteredPaging, Nothing, Paging
from almagest.api.throttling import Rate
from almagest.core.listings import Listing, ListingError, parse_filters
from almagest.core.listings.filters import filter_names
from almagest.sky.cone_filter import CONE, parse_cone


class TooLarge(APIException):
    """A body that nobody should send."""

    status_code = 413
    default_detail = f"a body may have {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes; send it in parts"


class ApiView(APIView):
    """A route.

    `query` declares the parameters that it takes; others are refused, for a filter with a slip of the pen would give
    everything. `scope`: what a token needs for writing. `only_reads`: POST writes nothing, it brings a list.
    """

    authentication_classes: ClassVar = [ByToken, BySession]
    permission_classes: ClassVar = [MayWrite]
    throttle_classes: ClassVar = [Rate]
    content_negotiation_class = ByFormat
    renderer_classes: ClassVar = JSON
    parser_classes: ClassVar = [StrictJson]
    query: type[Serializer] = Nothing
    scope = Scope.RUNS
    only_reads = False

    def initial(self, request, *args, **kwargs) -> None:
        """Check method, size, person, rate and parameters before any work."""
        if request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        super().initial(request, *args, **kwargs)
        # As a plain dictionary: in a form, what is left empty would not be wrong.
        self.asked = self.checked(self.query, request.query_params.dict()) if request.method != "OPTIONS" else {}

    def finalize_response(self, request, response, *args, **kwargs) -> HttpResponse:
        """Say what is left of the rate, and that the answer depends on who asks and for which format."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if rate := getattr(getattr(request, "_request", request), "rate", None):
            limit, left, seconds = rate
            told = {"RateLimit-Limit": limit, "RateLimit-Remaining": left, "RateLimit-Reset": seconds}
            for name, value in told.items():
                response.headers[name] = str(value)
        patch_vary_headers(response, ["Accept", "Authorization", "Cookie"])
        return response

    def options(self, request, *args, **kwargs) -> HttpResponse:
        """The methods that there are, in the header Allow; the schema has the rest."""
        return HttpResponse(status=204)

    @property
    def reader(self):
        """Who reads."""
        return reader(self.request)

    def checked(self, kind: type[Serializer], data: Any) -> dict[str, Any]:
        """Values of a body or of parameters, or an error that names each that is wrong."""
        serializer = kind(data=data)
        serializer.is_valid(raise_exception=True)
        names = {*serializer.fields, *self.more_parameters(), "format"}
        if unknown := sorted(set(data) - names) if isinstance(data, dict) else []:
            raise ValidationError([f"there is no parameter {', '.join(unknown)}; there is {', '.join(sorted(names))}"])
        return dict(serializer.validated_data)

    def more_parameters(self) -> set[str]:
        """Names of parameters that depend on the columns."""
        return set()


class ListingView(ApiView):
    """A route that gives a listing: paged, filtered, sorted, in any format."""

    renderer_classes: ClassVar = TABLES
    query = Paging

    def listing(self) -> Listing:
        """What is listed, for the person who reads."""
        raise NotImplementedError

    def get(self, request, **path) -> HttpResponse:
        """Give the rows that pass the filters."""
        listing = parse_filters(self.whole, request.query_params)
        if issubclass(self.query, FilteredPaging):
            listing = parse_cone(listing, {name: str(self.asked[name]) for name in CONE if name in self.asked})
        listing = self.narrowed(listing).sorted_by(self.asked.get("sort", "")).choosing(self.asked.get("columns", ""))
        return listing_answer(request, listing, self.asked)

    def narrowed(self, listing: Listing) -> Listing:
        """What else the parameters ask for."""
        return listing

    def more_parameters(self) -> set[str]:
        """The filters that the columns allow."""
        self.whole = self.listing()
        return {name for column in self.whole.table.columns for name in filter_names(column)}


def not_both(asked: dict[str, Any], *names: str) -> str:
    """The one of these that was given, or `ListingError`."""
    given = [name for name in names if asked.get(name)]
    if len(given) != 1:
        raise ListingError(f"give one of {', '.join(names)}, and not {' and '.join(given) or 'none'}")
    return given[0]
