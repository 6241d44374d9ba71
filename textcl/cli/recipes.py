"""`textcl recipes`: what is there to run."""

from typing import Annotated

import typer


def recipes(show: Annotated[str | None, typer.Option(metavar="NAME", help="Print this recipe.")] = None) -> None:
    """List the bundled recipes, or print one of them."""
    if show is not None:
        from textcl.recipe.load import recipe_text

        print(recipe_text(show), end="")
        return
    from textcl.util.bundled import names, recipes_folder

    folder = recipes_folder()
    for name in names(folder):
        first = (folder / f"{name}.yaml").read_text(encoding="utf-8").partition("\n")[0]
        print(f"{name:<17} {first.removeprefix('#').strip()}")
