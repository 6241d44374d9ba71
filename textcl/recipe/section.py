"""What every section of a recipe is made of."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

OWN_FAULT = "own_fault"  # the kind of fault whose words are ours already
Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
NAME = r"^\w[\w.-]*$"


class Section(BaseModel):
    """A section: it can not be changed, and knows no settings but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Component(BaseModel):
    """A class by its name, `use`, and the arguments of its constructor beside it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    use: str = Field(description="a name that textcl knows, or my_package.module:Class for your own")

    @property
    def settings(self) -> dict[str, Any]:
        """The constructor's arguments, by name; `Any` because they are the component's own affair."""
        return self.model_extra or {}
