"""What a stranger may try by a recipe, a path, a model, a text or a link: none of it has any effect."""

import random
from pathlib import Path

import pytest

from tests.faults.attacks_by_link import by_links
from tests.faults.attacks_by_model import by_models
from tests.faults.attacks_by_recipe import code_by_recipes, paths
from tests.faults.attacks_by_text import bombs, by_texts
from tests.faults.campaign import Case, try_cases

pytestmark = pytest.mark.faults
KINDS = {
    "code": code_by_recipes(),
    "paths": paths(),
    "models": by_models(),
    "texts": by_texts(),
    "bombs": bombs(),
    "links": by_links(),
}


def test_no_attack_has_any_effect(base: Path) -> None:
    try_cases("attacks", _case, base)


def _case(rng: random.Random) -> Case:
    attack = rng.choice(KINDS[rng.choice(list(KINDS))])
    return Case(attack.name, attack.attempt)
