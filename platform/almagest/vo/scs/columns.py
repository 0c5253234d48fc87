"""The columns of a cone search: the three that clients look for by the first UCDs, and as many others as are wanted."""

from dataclasses import replace

from almagest.contract import Column, Table
from almagest.core.listings import Listing
from almagest.sky.search import SEPARATION

POSITION = {"ra": "POS_EQ_RA_MAIN", "dec": "POS_EQ_DEC_MAIN"}
MAIN = ";meta.main"


def with_main_columns(table: Table, *, identifier: str, title: str) -> Table:
    """The table with one name, one right ascension and one declination, as the protocol calls them; no other is main.

    The protocol is older than UCD1+, and clients find these three by the words of its day. All others keep theirs.
    """
    main = POSITION | {identifier: "ID_MAIN"}
    columns = tuple(replace(c, ucd=main.get(c.name) or c.ucd.replace(MAIN, "")) for c in table.columns)
    description = table.description if table.description.startswith(title) else f"{title}: {table.description}"
    return Table(table.name, description, columns)


def verbose(listing: Listing, verb: int, *, identifier: str) -> Listing:
    """The listing with the columns of a verbosity, 1 to 3."""
    main = (identifier, *POSITION)
    return replace(
        listing, columns=tuple(c.name for c in listing.table.columns if c.name in main or _is_given(c, verb))
    )


def _is_given(column: Column, verb: int) -> bool:
    return verb == 3 or (verb == 2 and (column.level < 3 or column.name == SEPARATION.name))
