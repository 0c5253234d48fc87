"""Additions to the schema that the framework makes, and the schema itself."""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import SAFE_METHODS


class Schema(AutoSchema):
    """What a view says of itself: the parameters that it checks, and that reading needs no login."""

    def get_override_parameters(self):
        """Those of the address; what routes add by themselves comes behind them."""
        declared = [self.view.query] if self.view.query().fields else []
        return declared + super().get_override_parameters()

    def get_auth(self):
        """Nothing at all is enough for a method that only reads."""
        only_reads = self.method in SAFE_METHODS or self.view.only_reads
        return super().get_auth() + [{}] * only_reads


@cache
def public_schema() -> dict[str, Any]:
    """What everybody is told of the API; it depends on the code alone, and takes as long as ten other answers to make."""
    return SchemaGenerator().get_schema(request=None, public=True)


class MadeOnce(SchemaGenerator):
    """Gives each request the same schema."""

    def get_schema(self, request=None, public: bool = True) -> dict[str, Any]:
        """Whoever asks, and whatever version they name: there is one."""
        return public_schema()


class TokenScheme(OpenApiAuthenticationExtension):
    """Tokens."""

    target_class = "almagest.api.authentication.ByToken"
    name = "token"

    def get_security_definition(self, auto_schema):
        """A header; its word before the token is `Token`."""
        words = "Write 'Token alm_…'. Make one on the page /account/."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": words}


class SessionScheme(OpenApiAuthenticationExtension):
    """A browser's login."""

    target_class = "almagest.api.authentication.BySession"
    name = "session"

    def get_security_definition(self, auto_schema):
        """A cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
