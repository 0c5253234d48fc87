"""Bodies: JSON that is small enough to read and sane enough to keep."""

import re
from collections.abc import Iterator
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

# JSON can write what no text of the database holds: a NUL, and one half of a character that needs two.
NO_TEXT = re.compile("[\0\ud800-\udfff]")


class StrictJson(JSONParser):
    """JSON without NaN, Infinity and texts that are none; nothing that a sender can write makes the parser itself fail."""

    def parse(self, stream, media_type=None, parser_context=None):
        """The value, or an error that says what is wrong with the text."""
        try:
            value = super().parse(stream, media_type, parser_context)
            if any(map(NO_TEXT.search, _texts(value))):
                raise ParseError("a text in the JSON holds a character that no text has: \\u0000, or half of a pair")
        except RecursionError:
            raise ParseError("the JSON is nested too deeply") from None
        return value


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value, names among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value:
            yield from _texts(part)
        for part in value.values() if isinstance(value, dict) else ():
            yield from _texts(part)
