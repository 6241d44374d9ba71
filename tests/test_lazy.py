"""Packages that load what they offer on first use."""

import subprocess
import sys

import pytest

import textcl.augment
import textcl.data
import textcl.objectives
import textcl.types

FACES = ("textcl", "textcl.augment", "textcl.data", "textcl.objectives", "textcl.types")


@pytest.mark.parametrize("face", FACES)
def test_importing_a_face_loads_nothing_that_it_offers(face: str) -> None:
    script = (
        f"import sys, {face}; print([name for name in sys.modules if name.startswith('{face}.') or name == 'torch'])"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() in ("[]", "['textcl.lazy']")


@pytest.mark.parametrize("face", FACES)
def test_a_face_offers_what_it_lists_and_no_more(face: str) -> None:
    module = sys.modules[face]
    assert all(getattr(module, name) is not None for name in module.__all__)
    assert {*module.__all__} <= {*dir(module), "__version__"}


def test_a_name_that_a_face_has_not_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"module 'textcl\.objectives' has no attribute 'InfoMCE'"):
        textcl.objectives.InfoMCE  # noqa: B018 (looking it up is the test)


def test_a_name_is_looked_up_once() -> None:
    found = textcl.objectives.InfoNCE
    assert vars(textcl.objectives)["InfoNCE"] is found
