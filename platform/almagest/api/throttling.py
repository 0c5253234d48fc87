"""How often one may ask. What is left stands in every answer; who asks too often is told how long to wait."""

from django.conf import settings
from django.core.cache import caches
from redis import RedisError
from rest_framework.throttling import SimpleRateThrottle


class Rate(SimpleRateThrottle):
    """One count for each person, or for each address from which nobody has logged in."""

    scope = "anonymous"

    def __init__(self):
        """The rate is known when it is known who asks."""

    def allow_request(self, request, view) -> bool:
        """Count the request; where the counts cannot be kept, because the cache is away, all may ask."""
        self.cache = caches["default"]
        self.scope = "person" if request.user.is_authenticated else "anonymous"
        self.num_requests, self.duration = self.parse_rate(settings.API_RATES[self.scope])
        self.rate = settings.API_RATES[self.scope]
        try:
            allowed = super().allow_request(request, view)
        except (OSError, RedisError):
            return True
        request._request.rate = (self.num_requests, max(0, self.num_requests - len(self.history)), self.duration)
        return allowed

    def get_cache_key(self, request, view) -> str:
        """Whose count it is."""
        who = request.user.pk if request.user.is_authenticated else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": who}
