"""People, ownership, visibility, and the tokens that programs carry for people."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.utils import timezone


class User(AbstractUser):
    """A person or a service."""

    class Meta:
        """One table of our own, so that it can grow."""

        verbose_name = "person"
        verbose_name_plural = "people"


class Visibility(models.TextChoices):
    """Who may see a thing."""

    PUBLIC = "public", "everybody"
    GROUP = "group", "its group's members"
    PRIVATE = "private", "its owner and the staff"


class OwnedQuerySet(models.QuerySet):
    """Rows that somebody owns."""

    def visible_to(self, user) -> models.QuerySet:
        """Rows that `user` may see; None is an anonymous reader."""
        if user is None or not user.is_authenticated:
            return self.filter(visibility=Visibility.PUBLIC)
        if user.is_staff:
            return self
        mine = models.Q(visibility=Visibility.GROUP, group__in=user.groups.values("pk"))
        return self.filter(models.Q(visibility=Visibility.PUBLIC) | models.Q(owner=user) | mine)

    def hidden_from(self, user) -> models.QuerySet:
        """Rows that `user` may not see."""
        return self.exclude(pk__in=self.visible_to(user).values("pk"))

    def visible_with(self, thing: "Owned") -> models.QuerySet:
        """Rows that whoever `thing` is shown to may see as well: its owner, its group, or everybody."""
        if thing.visibility == Visibility.PRIVATE:
            return self.visible_to(thing.owner)
        public = models.Q(visibility=Visibility.PUBLIC)
        if thing.visibility == Visibility.GROUP and thing.group_id:
            public |= models.Q(visibility=Visibility.GROUP, group=thing.group_id)
        return self.filter(public)


class Owned(models.Model):
    """A thing with an owner and a visibility: surveys, samples, runs, model versions, catalogs. Never single rows."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PUBLIC)
    # Whose members see it where the visibility is "group"; a group that is gone leaves the owner and the staff.
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        """No table of its own."""

        abstract = True

    def runs(self) -> Iterable["Owned"]:
        """Runs whose titles or parameters name this thing: nobody sees them who may not see it."""
        return ()


class Token(models.Model):
    """What a program shows instead of a password. Its text is seen once, by whoever makes it; only its hash is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    # The first characters of the text, to tell tokens apart.
    prefix = models.CharField(max_length=8, db_index=True)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField()
    expires = models.DateTimeField()
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering = ["-id"]

    def __str__(self):
        return f"{self.prefix}… ({self.name})"

    @property
    def is_live(self) -> bool:
        """Whether it still opens anything."""
        return self.revoked is None and self.expires > timezone.now()
