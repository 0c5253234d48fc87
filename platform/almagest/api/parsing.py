"""Bodies: JSON that is small enough to read and sane enough to keep."""

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

# 100,000 positions with names take about 6 MB.
MOST_BYTES = 20_000_000


class StrictJson(JSONParser):
    """JSON without NaN and Infinity; nothing that a sender can write makes the parser itself fail."""

    def parse(self, stream, media_type=None, parser_context=None):
        """The value, or an error that says what is wrong with the text."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("the JSON is nested too deeply") from None
