"""Parameters of addresses and bodies: their kinds and limits, once for the checks and once for the schema."""

from rest_framework import serializers


class Text(serializers.CharField):
    """A text, and no number that would be written as one."""

    def to_internal_value(self, data):
        """The text without spaces around it."""
        return super().to_internal_value(data) if isinstance(data, str) else self.fail("invalid")
