"""Who asks: a browser's session, or a program with a token; and what the token allows."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from almagest.accounts.errors import AccountError
from almagest.accounts.services import token_check
from almagest.accounts.tokens import Scope

KEYWORDS = (b"token", b"bearer")


class ByToken(BaseAuthentication):
    """``Authorization: Token alm_…``, or Bearer."""

    def authenticate(self, request):
        """The person and the token, or None where no token came."""
        words = get_authorization_header(request).split()
        if not words or words[0].lower() not in KEYWORDS:
            return None
        if len(words) != 2:
            raise AuthenticationFailed("write 'Authorization: Token alm_…', with one space and nothing behind it")
        try:
            token = token_check(text=words[1].decode("latin-1"))
        except AccountError as error:
            raise AuthenticationFailed(str(error)) from None
        return token.user, token

    def authenticate_header(self, request) -> str:
        """What a 401 says is wanted."""
        return "Token"


class BySession(SessionAuthentication):
    """A browser's login; writing needs its CSRF token."""


def allows(request, scope: Scope) -> bool:
    """Whether the request may do what a scope names: every login may, a token where it has the scope."""
    if not request.user.is_authenticated:
        return False
    return request.auth is None or scope.value in request.auth.scopes


def reader(request):
    """Who is reading: a token without the scope to read sees what everybody sees."""
    return request.user if allows(request, Scope.READ) else AnonymousUser()


class MayWrite(BasePermission):
    """Reading is everybody's; other methods need a login, or a token with the view's `scope`."""

    def has_permission(self, request, view) -> bool:
        """Whether this request may go on."""
        if request.method in ("GET", "HEAD", "OPTIONS") or getattr(view, "only_reads", False):
            return True
        self.message = f"this token has not the scope {view.scope.value!r}; make one that has it on the page /account/"
        return allows(request, view.scope)
