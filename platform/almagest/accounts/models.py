"""People, ownership and visibility."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person or a service."""

    class Meta:
        """One table of our own, so that it can grow."""

        verbose_name = "person"
        verbose_name_plural = "people"


class Visibility(models.TextChoices):
    """Who may see a thing."""

    PUBLIC = "public", "everybody"
    PRIVATE = "private", "its owner and the staff"


class OwnedQuerySet(models.QuerySet):
    """Rows that somebody owns."""

    def visible_to(self, user) -> models.QuerySet:
        """Rows that `user` may see; None is an anonymous reader."""
        if user is None or not user.is_authenticated:
            return self.filter(visibility=Visibility.PUBLIC)
        if user.is_staff:
            return self
        return self.filter(models.Q(visibility=Visibility.PUBLIC) | models.Q(owner=user))


class Owned(models.Model):
    """A thing with an owner and a visibility: surveys, samples, runs, model versions, catalogs. Never single rows."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PUBLIC)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        """No table of its own."""

        abstract = True
