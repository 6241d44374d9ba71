"""A progress that notes what is reported to it."""

from textcl.util.progress import Progress


class Noted(Progress):
    """Keeps every phase with its total and what was done before, and every count."""

    def __init__(self) -> None:
        self.phases: list[tuple[str, int | None, int]] = []
        self.expected, self.advanced = list[int](), list[int]()

    def phase(self, name: str, total: int | None = None, done: int = 0, *, unit: str = "texts") -> None:
        self.phases.append((name, total, done))

    def expect(self, count: int) -> None:
        self.expected.append(count)

    def advance(self, count: int) -> None:
        self.advanced.append(count)

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.phases]
