"""The prompts of a model, by name: which of them stands before a text, given what the text is embedded for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from textcl.errors import suggestion
from textcl.types.text import Role, Use

# Where each role's prompt is looked up, first hit counts. Ours first, then what sentence-transformers' methods take.
_NAMES = {
    Role.ANCHOR: ("anchor", "query"),
    Role.POSITIVE: ("positive", "document", "passage", "corpus"),
    Role.NEGATIVE: ("negative", "positive", "document", "passage", "corpus"),
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt: its text, which may be empty, and its name, which is empty where the model has none for the use."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompts:
    """All prompts of a model, as its folder keeps them.

    Args:
        named: Name → text.
        default: The name of the one that texts take which are embedded for nothing in particular; None: they take none.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None

    @classmethod
    def of_roles(cls, prompts: Mapping[str, str]) -> "Prompts":
        """Name the prompts of roles as textcl and sentence-transformers do.

        The anchors' prompt is the default too: what a recipe trains first texts under, other texts are embedded under.

        Raises:
            ValueError: A key is no role, or a prompt is no text.
        """
        roles = by_role(prompts)
        named = {**{role.value: text for role, text in roles.items()}, "query": roles[Role.ANCHOR]}
        default = Role.ANCHOR.value if roles[Role.ANCHOR] else None
        return cls(named | {"document": roles[Role.POSITIVE]}, default)

    @property
    def roles(self) -> dict[Role, str]:
        """The prompt of each role."""
        return {role: self.of(role).text for role in Role}

    def of(self, use: Role | Use | None) -> Prompt:
        """Return the prompt of a use; without one of its own a text takes the default, or none."""
        if use is None:
            return self._first(())
        if isinstance(use, Use):
            return self._first((*use.names, *(() if use.role is None else _NAMES[use.role])))
        return self._first(_NAMES[use])

    def _first(self, names: tuple[str, ...]) -> Prompt:
        request = names if self.default is None else (*names, self.default)
        name = next((name for name in request if name in self.named), "")
        return Prompt(name, self.named.get(name, ""))


def as_role(name: Role | str) -> Role:
    """Return the role of a name.

    Raises:
        ValueError: There is none of this name.
    """
    if name not in list(Role):
        raise ValueError(f"There is no role {str(name)!r}; there are {', '.join(Role)}.{suggestion(str(name), Role)}")
    return Role(name)


def as_use(name: Role | Use | str | None) -> Role | Use | None:
    """Return what texts are embedded for, of the name of a role or the thing itself.

    Raises:
        ValueError: There is no role of this name.
    """
    return name if name is None or isinstance(name, Use) else as_role(name)


def by_role(prompts: Mapping[str, str]) -> dict[Role, str]:
    """Give every role its prompt: none given is an empty one, negatives fall back to the positives'.

    Raises:
        ValueError: A key is no role, or a prompt is no text.
    """
    given = {as_role(name): prompt for name, prompt in prompts.items()}
    for role, prompt in given.items():
        if not isinstance(prompt, str):
            raise ValueError(f"The prompt of {role} is {prompt!r}; it must be a text.")
    positive = given.get(Role.POSITIVE, "")
    return {
        Role.ANCHOR: given.get(Role.ANCHOR, ""),
        Role.POSITIVE: positive,
        Role.NEGATIVE: given.get(Role.NEGATIVE, positive),
    }
