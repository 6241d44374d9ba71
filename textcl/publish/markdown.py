"""Texts of others inside Markdown."""


def cell(text: object) -> str:
    """Return a text that stays in its line or its cell of a table, and brings no markup."""
    words = " ".join(str(text).split())
    for sign in "\\`*[]<>|":
        words = words.replace(sign, f"\\{sign}")
    return words
