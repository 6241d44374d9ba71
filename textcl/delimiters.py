"""What stands between the fields of a table of comma-separated values, which need not be a comma."""

import re

DELIMITERS = (",", ";", "\t", "|")  # the likelier first
_QUOTED = re.compile(r'"[^"]*"')


def delimiter_of(names: str) -> str:
    """Return the delimiter of a table by the line that names its columns; those in quotation marks do not count."""
    return max(DELIMITERS, key=_QUOTED.sub("", names).count)
