"""Prompts by role."""

from collections.abc import Mapping

from textcl.errors import suggestion
from textcl.types import Role


def as_role(name: Role | str) -> Role:
    """Return the role of a name.

    Raises:
        ValueError: There is none of this name.
    """
    if name not in list(Role):
        raise ValueError(f"There is no role {str(name)!r}; there are {', '.join(Role)}.{suggestion(str(name), Role)}")
    return Role(name)


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
