"""Every command of the documentation is one that textcl and make have."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from tests.docs.pages import CHECKOUT, PAGES, block_commands, blocks, inline_code, inline_commands, name
from textcl.cli.app import app
from textcl.recipe.load import load_recipe
from textcl.util.installed import names, recipes_folder

GROUP = app


def verb_and_rest(words: list[str]) -> tuple[typer.core.TyperCommand, list[str]]:
    """Return the command that the first words name, and the words after them."""
    command, words = GROUP.commands[words[0]], words[1:]
    while hasattr(command, "commands") and words:
        command, words = command.commands[words[0]], words[1:]
    return command, words


def unknown_options(words: list[str]) -> list[str]:
    """Return the options among a command's words that its verb does not have."""
    command, rest = verb_and_rest(words)
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return [word for word in rest if word.startswith("-") and word.partition("=")[0] not in known]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_in_blocks_are_taken_by_the_command_line(page: Path) -> None:
    for command in block_commands(page):
        verb, rest = verb_and_rest(shlex.split(command))
        verb.make_context(verb.name, rest)  # parses and converts, and runs nothing


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_verbs_and_options_between_backquotes_exist(page: Path) -> None:
    for command in inline_commands(page):
        assert unknown_options(shlex.split(command)) == [], command


def test_an_unknown_verb_or_option_is_found() -> None:
    assert unknown_options(["mine", "x.jsonl", "--anker", "a", "--out=b"]) == ["--anker"]
    with pytest.raises(KeyError):
        unknown_options(["minne"])


def test_every_verb_is_named_on_the_first_page() -> None:
    shown = set(inline_commands(CHECKOUT / "README.md"))
    assert {verb for verb in GROUP.commands if not any(command.startswith(verb) for command in shown)} == set()


def test_changes_to_bundled_recipes_in_blocks_are_right() -> None:
    commands = [shlex.split(command) for page in PAGES for command in block_commands(page)]
    runs = [words for words in commands if words[0] in {"train", "check"} and words[1] in names(recipes_folder())]
    assert len(runs) > 4
    for _, recipe, *rest in runs:
        load_recipe(recipe, [word for word in rest if re.match(r"[\w.]+=", word)])


def test_every_make_target_of_the_pages_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    code = [line for block in blocks("") for line in block.text.splitlines()]
    code += [text for page in PAGES for text in inline_code(page)]
    used = {match[1] for text in code if (match := re.match(r"make ([\w-]+)", text))}
    assert {"quickstart", "test", "bench"} <= used <= targets
