"""`textcl recipes`: what is there to run, and what recipes are made of."""

from typing import Annotated

import typer

Show = Annotated[
    str | None, typer.Option(metavar="NAME", help="Print this recipe, or what this component does and takes.")
]
Components = Annotated[
    bool, typer.Option("--components", help="List the objectives, augmentations and sources that a recipe may use.")
]


def recipes(show: Show = None, components: Components = False) -> None:
    """List bundled recipes and components, or print one of them."""
    if show is not None:
        print(_text_of(show).rstrip("\n"))
    elif components:
        from textcl.recipe.catalogue import tables

        print(tables())
    else:
        _list_recipes()


def _text_of(name: str) -> str:
    """Return a recipe; what is written as classes are (SimCLR, not simclr) is a component."""
    if name.isidentifier() and name[0].isupper():
        from textcl.recipe.catalogue import entry

        return entry(name).help()
    from textcl.recipe.load import recipe_text

    return recipe_text(name)


def _list_recipes() -> None:
    from textcl.util.installed import names, recipes_folder

    folder = recipes_folder()
    for name in names(folder):
        first = (folder / f"{name}.yaml").read_text(encoding="utf-8").partition("\n")[0]
        print(f"{name:<17} {first.removeprefix('#').strip()}")
