"""Words of others inside the Markdown of a card: they bring no markup, no HTML and no control characters."""

from textcl.util.visible import one_line


def cell(text: object) -> str:
    """Return a text that stays in its line or its cell of a table, and brings no markup."""
    words = one_line(str(text))
    for character in "\\`*[]<>|":
        words = words.replace(character, f"\\{character}")
    return words


def code(text: object) -> str:
    """Return a text as code in a line, which nothing in it can end."""
    words = one_line(str(text)).replace("`", "'")
    return f"`{words}`"
