import subprocess
import sys

import pytest

import textcl


def test_importing_textcl_loads_no_heavy_package() -> None:
    script = "import sys, textcl; print([name for name in ('torch', 'transformers', 'numpy') if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    assert all(getattr(textcl, name) is not None for name in textcl.__all__)
    assert textcl.load.__name__ == "open_encoder"
    assert textcl.__version__[0].isdigit()


def test_a_name_that_is_not_public_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'textcl' has no attribute 'lod'"):
        textcl.lod  # noqa: B018 (looking it up is the test)
