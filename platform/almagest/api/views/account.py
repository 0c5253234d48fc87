"""The front door, who one is, and who may see one's things."""

from django.http import JsonResponse
from django.urls import reverse
from rest_framework import serializers

from almagest.accounts import models
from almagest.accounts.selectors import group_names
from almagest.accounts.services import visibility_change
from almagest.accounts.tokens import Scope
from almagest.api.documented import does, tells
from almagest.api.views.base import ApiView
from almagest.catalogs.selectors import catalog_get
from almagest.predictions.verification.selectors import verification_get
from almagest.registry.selectors import comparison_get, version_get
from almagest.releases.selectors import release_get
from almagest.runs.selectors import run_get
from almagest.samples.selectors import sample_get
from almagest.sky.selectors import survey_get
from almagest.vetting.selectors import label_set_get

LISTS = (
    "surveys",
    "objects",
    "cone",
    "catalogs",
    "releases",
    "methods",
    "models",
    "samples",
    "labels",
    "comparisons",
    "verifications",
    "runs",
)


class Sharing(serializers.Serializer):
    """Who may see a thing."""

    visibility = serializers.ChoiceField(models.Visibility.choices)
    group = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=150, help_text="One of yours."
    )


class RootWords(serializers.Serializer):
    """Where everything is."""

    lists = serializers.DictField(child=serializers.CharField())
    schema = serializers.CharField()
    documentation = serializers.CharField()
    account = serializers.CharField()


class AccountWords(serializers.Serializer):
    """Who asks."""

    username = serializers.CharField(allow_null=True, help_text="Null: nobody has logged in.")
    groups = serializers.ListField(child=serializers.CharField())
    scopes = serializers.ListField(child=serializers.CharField(), help_text="What this token, or this login, allows.")
    token_expires = serializers.DateTimeField(allow_null=True)


class Root(ApiView):
    """What there is."""

    @tells("root", "What there is", RootWords, absent=False)
    def get(self, request):
        """Give the addresses."""
        here = {name: request.build_absolute_uri(reverse(f"api:{name}")) for name in (*LISTS, "schema", "account")}
        lists = {name: here[name] for name in LISTS}
        documentation = request.build_absolute_uri(reverse("api:documentation"))
        return JsonResponse(
            {"lists": lists, "schema": here["schema"], "documentation": documentation, "account": here["account"]}
        )


class Account(ApiView):
    """Who asks."""

    @tells("account", "Who you are, and what your token allows", AccountWords, absent=False)
    def get(self, request):
        """Tell."""
        user, token = request.user, request.auth
        known = user.is_authenticated
        return JsonResponse({
            "username": user.username if known else None, "groups": group_names(user=user) if known else [],
            "scopes": token.scopes if token else [scope.value for scope in Scope] * known,
            "token_expires": token.expires if token else None,
        })  # fmt: skip


class Visibility(ApiView):
    """Who may see a thing; each kind of thing has its address below its own."""

    scope = Scope.MANAGE

    def thing(self, user):
        """What the address names."""
        raise NotImplementedError

    def put(self, request, **path):
        """Show it to others than before."""
        thing, body = self.thing(request.user), self.checked(Sharing, request.data)
        visibility_change(user=request.user, thing=thing, visibility=body["visibility"], group_name=body["group"])
        return JsonResponse({"visibility": thing.visibility, "group": thing.group.name if thing.group else ""})


def visibility_of(kind: str, find) -> type[Visibility]:
    """The route for one kind of thing; `find` takes the person and the address's parts."""
    name = f"{kind}_visibility"
    put = does(name, f"Who may see a {kind}", Sharing, Sharing)(
        lambda self, request, **path: Visibility.put(self, request, **path)
    )
    return type(
        f"{kind.title()}Visibility", (Visibility,), {"thing": lambda self, user: find(user, **self.kwargs), "put": put}
    )


SHARED = {
    "survey": visibility_of("survey", lambda user, survey: survey_get(user=user, slug=survey)),
    "catalog": visibility_of("catalog", lambda user, catalog: catalog_get(user=user, slug=catalog).catalog),
    "sample": visibility_of("sample", lambda user, name: sample_get(user=user, name=name)),
    "model": visibility_of("model", lambda user, **address: version_get(user=user, **address)),
    "run": visibility_of("run", lambda user, run_id: run_get(user=user, run_id=run_id)),
    "comparison": visibility_of("comparison", lambda user, pk: comparison_get(user=user, pk=pk)),
    "verification": visibility_of("verification", lambda user, pk: verification_get(user=user, pk=pk)),
    "labels": visibility_of("labels", lambda user, name: label_set_get(user=user, name=name)),
    "release": visibility_of(
        "release", lambda user, catalog, version: release_get(user=user, catalog=catalog, label=version)
    ),
}
