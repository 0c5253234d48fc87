"""Additions to the schema that the framework makes."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension


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
