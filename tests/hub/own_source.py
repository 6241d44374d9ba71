"""A source of a user's own, which wants a token."""

from textcl.types.text import Example, Source


class Guarded(Source):
    """Rows behind a token."""

    fingerprint = "guarded"

    def __init__(self, token: str, rows: int) -> None:
        self.token, self.rows = token, rows

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, row: int) -> Example:
        return Example(range(self.rows)[row], f"text {row}")

    def location(self, row: int) -> str:
        return f"row {row}"
