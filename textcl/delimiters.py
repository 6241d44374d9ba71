"""What stands between the fields of a table in text."""

DELIMITERS = (",", ";", "\t", "|")  # of CSV, the likelier first


def delimiter_of(first_line: str) -> str:
    """Return the delimiter that the first line of a table, which names the columns, holds most often."""
    return max(DELIMITERS, key=first_line.count)
